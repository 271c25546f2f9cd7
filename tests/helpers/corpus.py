"""A problem over raw files of tab-separated lines, as a user's own file has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import (
    BadValue,
    ClassLabel,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
    usr_dir,
)


def register() -> None:
    """Adds this file as a user does, anew after its names were forgotten."""
    sys.modules.pop(usr_dir._module_name(Path(__file__)), None)
    usr_dir.add(Path(__file__))


@register_vocabulary("made_corpus_words")
class Words(Vocabulary):
    """What the sound lines have."""

    size = 300

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        yield from (f"text {n} {i}" for n in range(5) for i in range(20))


@register_problem("made_corpus")
class Corpus(Problem):
    """Short texts with an answer: `raw_dir/<split>.<n>.tsv`, a text, a tab, yes or no."""

    inputs = Text("made_corpus_words", max_length=12)
    targets = ClassLabel(names=("no", "yes"))
    train_shards = 3

    def source_parts(self, split: str, raw_dir: Path | None) -> list[Path]:
        assert raw_dir is not None
        return sorted(raw_dir.glob(f"{split}.*.tsv"))

    def examples_of(self, part: Path, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(part.read_bytes().splitlines(), start=1):
            columns = zip(("inputs", "targets"), line.split(b"\t"), strict=False)
            yield {"origin": f"{part.name}:{number}"} | {n: decoded(text) for n, text in columns}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """None, so that a file may be exchanged without another fingerprint."""
        return []


def decoded(text: bytes) -> str | BadValue:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        return BadValue(f"not UTF-8: {error.reason} at byte {error.start}")


def write_raw(folder: Path, files: int = 5, lines: int = 20) -> None:
    """Sound raw files for every split."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", files), ("test", 1)):
        for n in range(count):
            text = "".join(f"text {n} {i}\t{('no', 'yes')[i % 2]}\n" for i in range(lines))
            (folder / f"{split}.{n}.tsv").write_text(text)
