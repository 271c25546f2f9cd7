"""The training and test sets of WMT, as the workshop's archives hold them.

German-English and French-English as of WMT14, German-French as of WMT19. An archive may be given
as it comes, or its files unpacked; both in the folder itself or one folder below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel import UserError
from t2t_multimodel.problems.sources import prepared
from t2t_multimodel.problems.sources.parallel import LinePair, Source, column_pairs, line_pairs
from t2t_multimodel.problems.sources.sgm import segment_pairs

LANGUAGES = {"de": "German", "en": "English", "fr": "French"}
SPLITS = ("train", "dev", "test")
_TFDS_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A pair of files in two languages."""

    archive: str = ""
    """The archive that holds them; "" for files that are offered singly."""
    home: str
    """Where it is offered."""
    size: str
    """Of the download."""
    files: dict[str, str]
    """Language -> file; the same file twice has both languages as columns, in this order."""
    references: dict[str, str] = field(default_factory=dict)
    """Language -> file to take for the target, where that is another one than for the source."""

    def names(self, source: str, target: str) -> tuple[str, str]:
        """The files for a direction."""
        return self.files[source], (self.references or self.files)[target]


def _both(pattern: str, *languages: str) -> dict[str, str]:
    return {language: pattern.format(language) for language in languages}


def _training(pair: str) -> list[Corpus]:
    """What German-English and French-English share."""
    places = {
        "europarl-v7": ("training-parallel-europarl-v7.tgz", "wmt13", "0.6 GB"),
        "commoncrawl": ("training-parallel-commoncrawl.tgz", "wmt13", "0.9 GB"),
        "news-commentary-v9": ("training-parallel-nc-v9.tgz", "wmt14", "0.1 GB"),
    }
    return [
        Corpus(
            archive=archive,
            home=f"statmt.org/{year}",
            size=size,
            files=_both(f"{name}.{pair}.{{}}", *pair.split("-")),
        )
        for name, (archive, year, size) in places.items()
    ]


def _dev(files: dict[str, str]) -> Corpus:
    return Corpus(archive="dev.tgz", home="statmt.org/wmt19", size="0.1 GB", files=files)


def _newstest2014(pair: str, *languages: str) -> Corpus:
    return Corpus(
        archive="test-full.tgz",
        home="statmt.org/wmt14",
        size="3 MB",
        files=_both(f"newstest2014-{pair}-src.{{}}.sgm", *languages),
        references=_both(f"newstest2014-{pair}-ref.{{}}.sgm", *languages),
    )


_FR_DE = "statmt.org/wmt19, fr-de/bitexts"
_NEWS_V14 = "news-commentary-v14.de-fr.tsv.gz"

CORPORA: dict[str, dict[str, list[Corpus]]] = {
    "de-en": {
        "train": _training("de-en"),
        "dev": [_dev(_both("newstest2013.{}", "de", "en"))],
        "test": [_newstest2014("deen", "de", "en")],
    },
    "fr-en": {
        "train": [
            *_training("fr-en"),
            Corpus(
                archive="training-parallel-un.tgz",
                home="statmt.org/wmt13",
                size="2.3 GB",
                files=_both("undoc.2000.fr-en.{}", "fr", "en"),
            ),
            Corpus(
                archive="training-giga-fren.tar",
                home="statmt.org/wmt10",
                size="2.4 GB",
                files=_both("giga-fren.release2.fixed.{}.gz", "fr", "en"),
            ),
        ],
        "dev": [_dev(_both("newstest2013.{}", "fr", "en"))],
        "test": [_newstest2014("fren", "fr", "en")],
    },
    "fr-de": {
        "train": [
            Corpus(home=_FR_DE, size="0.2 GB", files=_both("europarl-v7.{}.gz", "fr", "de")),
            Corpus(home=_FR_DE, size="0.1 GB", files=_both("commoncrawl.{}.gz", "fr", "de")),
            Corpus(
                home="statmt.org/news-commentary",
                size="0.1 GB",
                files={"de": _NEWS_V14, "fr": _NEWS_V14},
            ),
        ],
        "dev": [
            _dev(
                {
                    "fr": "euelections_dev2019.fr-de.src.fr",
                    "de": "euelections_dev2019.fr-de.tgt.de",
                }
            )
        ],
        "test": [
            Corpus(
                archive="test.tgz",
                home="statmt.org/wmt19",
                size="2 MB",
                files={
                    "fr": "newstest2019-frde-src.fr.sgm",
                    "de": "newstest2019-defr-src.de.sgm",
                },
                references={
                    "de": "newstest2019-frde-ref.de.sgm",
                    "fr": "newstest2019-defr-ref.fr.sgm",
                },
            )
        ],
    },
}
"""Pair -> split -> what it is made of."""

TFDS = {
    "de-en": "wmt14_translate/de-en",
    "fr-en": "wmt14_translate/fr-en",
    "fr-de": "wmt19_translate/fr-de",
}
"""Pair -> the same in TensorFlow Datasets; fr-de there has ParaCrawl too, and no test set."""


class Placed(NamedTuple):
    """A pair of lines and where it comes from."""

    source: str
    target: str
    origin: str
    """For example "europarl-v7.de-en.en line 77"."""


@dataclass(frozen=True)
class Files:
    """A corpus in two files, or two columns of one."""

    corpus: Corpus
    source: str
    """Language."""
    one: Source
    other: Source

    def __str__(self) -> str:
        return self.one.name

    def pairs(self) -> Iterator[Placed]:
        """All pairs in order.

        Raises:
            UserError: a file is damaged, or the two do not go together.
        """
        for pair in self._pairs():
            yield Placed(pair.first, pair.second, f"{self.one.name} line {pair.number}")

    def _pairs(self) -> Iterator[LinePair]:
        if self.one == self.other:
            swap = self.source != next(iter(self.corpus.files))
            for pair in column_pairs(self.one):
                yield LinePair(pair.number, pair.second, pair.first) if swap else pair
        elif self.one.name.endswith((".sgm", ".sgm.gz")):
            yield from segment_pairs(self.one, self.other)
        else:
            yield from line_pairs(self.one, self.other)


@dataclass(frozen=True)
class Prepared:
    """A split that TensorFlow Datasets prepared."""

    version: Path
    split: str
    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.version.parent.name} {self.split}"

    def pairs(self) -> Iterator[Placed]:
        """All pairs in order."""
        pairs = prepared.translation_pairs(self.version, self.split, self.source, self.target)
        for pair in pairs:
            yield Placed(pair.first, pair.second, f"{self} {pair.number}")


def pair_of(source: str, target: str) -> str:
    """The pair as WMT calls it, whatever the direction."""
    name = f"{source}-{target}"
    return name if name in CORPORA else f"{target}-{source}"


def how_to_get(source: str, target: str) -> str:
    """The page of a direction: archives, homes and sizes."""
    pair = pair_of(source, target)
    corpora = [corpus for split in CORPORA[pair].values() for corpus in split]
    rows = [(_wanted(corpus, source, target), corpus.size, corpus.home) for corpus in corpora]
    width = max(len(name) for name, *_ in rows)
    return "\n".join(
        [
            f"{LANGUAGES[source]}-{LANGUAGES[target]} of WMT, archives as they come or unpacked,",
            "in FOLDER or FOLDER/wmt, given as --raw_dir=FOLDER:",
            *(f"  {name:{width}}  {size:>6}  {home}" for name, size, home in rows),
            f"Or, prepared by TensorFlow Datasets, FOLDER/{TFDS[pair]}.",
        ]
    )


def missing(folder: Path, source: str, target: str, splits: Iterable[str] = SPLITS) -> list[str]:
    """What `folder` lacks of the splits of a direction: archives or files with their sizes."""
    return [
        f"{_wanted(corpus, source, target)} ({corpus.size})"
        for split in splits
        if not _prepared(folder, source, target, split)
        for corpus in CORPORA[pair_of(source, target)][split]
        if not _located(folder, corpus, source, target)
    ]


def check_present(folder: Path, source: str, target: str, splits: Iterable[str] = SPLITS) -> None:
    """Raises `UserError` naming what `folder` lacks, with the page that says how to get it."""
    if lacks := missing(folder, source, target, splits):
        raise UserError(
            f"Not found in {folder}: {', '.join(lacks)}.", fix=how_to_get(source, target)
        )


def source_files(
    folder: Path, source: str, target: str, splits: Iterable[str] = SPLITS
) -> list[Path]:
    """The files that splits of a direction are read from.

    Raises:
        UserError: one is missing.
    """
    check_present(folder, source, target, splits)
    paths: set[Path] = set()
    for split in splits:
        if version := _prepared(folder, source, target, split):
            paths.update(path for path in version.iterdir() if path.is_file())
            continue
        for corpus in CORPORA[pair_of(source, target)][split]:
            paths.update(file.path for file in _located(folder, corpus, source, target))
    return sorted(paths)


def parts(folder: Path, source: str, target: str, split: str) -> list[Files | Prepared]:
    """What a split is made of, each to be read alone.

    Args:
        folder: with archives, unpacked files, or what TensorFlow Datasets prepared.
        source, target: languages.
        split: train, dev or test.

    Raises:
        UserError: a file is missing.
    """
    check_present(folder, source, target, [split])
    if version := _prepared(folder, source, target, split):
        return [Prepared(version, _TFDS_SPLITS[split], source, target)]
    return [
        Files(corpus, source, *_located(folder, corpus, source, target))
        for corpus in CORPORA[pair_of(source, target)][split]
    ]


def _prepared(folder: Path, source: str, target: str, split: str) -> Path | None:
    """The copy of TensorFlow Datasets, if there is one that has the split."""
    version = prepared.prepared_version(folder, TFDS[pair_of(source, target)])
    has = version is not None and _TFDS_SPLITS[split] in prepared.splits_of(version)
    return version if has else None


def _located(folder: Path, corpus: Corpus, source: str, target: str) -> tuple[Source, ...]:
    """The source's and the target's file; empty if one is missing."""
    files = [_locate(folder, corpus, name) for name in corpus.names(source, target)]
    return tuple(file for file in files if file) if all(files) else ()


def _locate(folder: Path, corpus: Corpus, name: str) -> Source | None:
    """A file by itself, here or one folder below, gzipped or not; else the archive that has it."""
    plain = name.removesuffix(".gz")
    for place in (plain, f"*/{plain}", f"{plain}.gz", f"*/{plain}.gz"):
        for path in sorted(folder.glob(place)):
            return Source(path)
    archive = folder / corpus.archive
    return Source(archive, name) if corpus.archive and archive.is_file() else None


def _wanted(corpus: Corpus, source: str, target: str) -> str:
    return corpus.archive or " ".join(dict.fromkeys(corpus.names(source, target)))
