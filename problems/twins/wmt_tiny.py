"""Made sentences in archives that are named and laid out like those of WMT."""

from __future__ import annotations

import gzip
from pathlib import Path

from t2t_multimodel.problems.corpora.wmt_corpora import CORPORA, Corpus
from t2t_multimodel.problems.twins import tiny_packages
from t2t_multimodel.problems.twins.tiny_sentences import sentences

SENTENCES_PER_CORPUS = 10
_FIRST = {"train": 0, "dev": 28, "test": 30}
"""Split -> number of the first sentence of its first corpus."""


def write(folder: Path) -> None:
    """Writes the corpora of all pairs and directions, each with some of the sentences."""
    members: dict[str, dict[str, bytes]] = {}
    for pair, splits in CORPORA.items():
        numbered = [
            (corpus, begin + 4 * number)
            for split, begin in _FIRST.items()
            for number, corpus in enumerate(splits[split])
        ]
        first, second = pair.split("-")
        for corpus, begin in numbered:
            for source, target in ((first, second), (second, first)):
                files = _files(corpus, source, target, begin)
                members.setdefault(corpus.archive, {}).update(files)
    for file, contents in members.pop("").items():
        (folder / file).write_bytes(contents)
    for name, files in members.items():
        inside = {f"training/{file}": contents for file, contents in files.items()}
        packed = tiny_packages.tar(inside, "gz" if name.endswith("gz") else "")
        (folder / name).write_bytes(packed)


def _files(corpus: Corpus, source: str, target: str, begin: int) -> dict[str, bytes]:
    """File name -> contents; `begin` is the number of the first sentence."""
    chosen = {
        language: sentences(language)[begin : begin + SENTENCES_PER_CORPUS]
        for language in (source, target)
    }
    one, other = corpus.names(source, target)
    if one == other:
        rows = zip(*(chosen[language] for language in corpus.files), strict=True)
        return {one: _packed(one, "".join(f"{a}\t{b}\n" for a, b in rows))}
    return {
        name: _packed(name, _lines(name, chosen[language]))
        for name, language in ((one, source), (other, target))
    }


def _lines(name: str, texts: list[str]) -> str:
    if not name.endswith(".sgm"):
        return "".join(f"{text}\n" for text in texts)
    segments = "".join(f'<seg id="{n}">{text}</seg>\n' for n, text in enumerate(texts, start=1))
    return f'<set setid="tiny">\n<doc docid="houses">\n<p>\n{segments}</p>\n</doc>\n</set>\n'


def _packed(name: str, text: str) -> bytes:
    contents = text.encode()
    return gzip.compress(contents, mtime=0) if name.endswith(".gz") else contents
