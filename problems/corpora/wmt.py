"""Finds and reads the training and test sets of WMT in the user's folder.

An archive may be given as it comes, or its files unpacked, in the folder itself or one folder
below; or TensorFlow Datasets has prepared the pair there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.corpora.wmt_corpora import CORPORA, Corpus
from t2t_multimodel.problems.formats import prepared
from t2t_multimodel.problems.formats.parallel import LinePair, Source, column_pairs, line_pairs
from t2t_multimodel.problems.formats.sgm import segment_pairs

SPLITS = ("train", "dev", "test")
PAIRS = (("de", "en"), ("fr", "en"), ("fr", "de"))
LANGUAGES = {"de": "German", "en": "English", "fr": "French"}
TFDS = {
    "de-en": "wmt14_translate/de-en",
    "fr-en": "wmt14_translate/fr-en",
    "fr-de": "wmt19_translate/fr-de",
}
"""Pair -> the same in TensorFlow Datasets; fr-de there has ParaCrawl too, and no test set."""
_TFDS_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


class Placed(NamedTuple):
    """A pair of lines and where it comes from."""

    source: str | BadValue
    target: str | BadValue
    origin: str
    """`origin` says where the pair stands, for example "europarl-v7.de-en.en line 77"."""


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
class PreparedCorpus:
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


@dataclass(frozen=True)
class Direction:
    """Translation from one language to another."""

    source: str
    """Language: de, en, fr."""
    target: str
    train: tuple[str, ...] = ()
    """Names of the corpora to train on; (): all that WMT has."""

    @property
    def pair(self) -> str:
        """The pair as WMT calls it, whatever the direction."""
        name = f"{self.source}-{self.target}"
        return name if name in CORPORA else f"{self.target}-{self.source}"

    def corpora(self, split: str) -> list[Corpus]:
        """Lists the corpora of a split.

        Raises:
            UserError: a name in `train` is unknown.
        """
        known = CORPORA[self.pair][split]
        if split != "train" or not self.train:
            return known
        names = [corpus.name for corpus in known]
        if unknown := [name for name in self.train if name not in names]:
            raise UserError(
                f"WMT {self.pair} has no training corpus {unknown[0]!r}.",
                fix=f"Known: {', '.join(names)}.",
            )
        return [corpus for corpus in known if corpus.name in self.train]

    @property
    def how_to_get(self) -> str:
        """The page: archives, homes and sizes."""
        corpora = [corpus for split in SPLITS for corpus in self.corpora(split)]
        rows = [(self._wanted(corpus), corpus.size, corpus.home) for corpus in corpora]
        width = max(len(name) for name, *_ in rows)
        languages = f"{LANGUAGES[self.source]}-{LANGUAGES[self.target]}"
        return "\n".join(
            [
                f"{languages} of WMT, archives as they come or unpacked,",
                "in FOLDER or FOLDER/wmt, given as --raw_dir=FOLDER:",
                *(f"  {name:{width}}  {size:>6}  {home}" for name, size, home in rows),
                f"Or, prepared by TensorFlow Datasets, FOLDER/{TFDS[self.pair]}"
                + (", which has no test set: that archive too." if self.pair == "fr-de" else "."),
            ]
        )

    def missing(self, folder: Path, splits: Iterable[str] = SPLITS) -> list[str]:
        """Lists what `folder` lacks of the splits: archives or files with their sizes."""
        return [
            f"{self._wanted(corpus)} ({corpus.size})"
            for split in splits
            if not self._prepared(folder, split)
            for corpus in self.corpora(split)
            if not self._located(folder, corpus)
        ]

    def check_present(self, folder: Path, splits: Iterable[str] = SPLITS) -> None:
        """Raises `UserError` naming what `folder` lacks, with the page that says how to get it."""
        if lacks := self.missing(folder, splits):
            raise UserError(f"Not found in {folder}: {', '.join(lacks)}.", fix=self.how_to_get)

    def source_files(self, folder: Path, splits: Iterable[str] = SPLITS) -> list[Path]:
        """The files that splits are read from.

        Raises:
            UserError: one is missing.
        """
        self.check_present(folder, splits)
        paths: set[Path] = set()
        for split in splits:
            if version := self._prepared(folder, split):
                paths.update(path for path in version.iterdir() if path.is_file())
                continue
            for corpus in self.corpora(split):
                paths.update(file.path for file in self._located(folder, corpus))
        return sorted(paths)

    def parts(self, folder: Path, split: str) -> list[Files | PreparedCorpus]:
        """Lists the parts of a split; each can be read alone.

        Raises:
            UserError: a file is missing.
        """
        self.check_present(folder, [split])
        if version := self._prepared(folder, split):
            return [PreparedCorpus(version, _TFDS_SPLITS[split], self.source, self.target)]
        return [
            Files(corpus, self.source, *self._located(folder, corpus))
            for corpus in self.corpora(split)
        ]

    def _prepared(self, folder: Path, split: str) -> Path | None:
        """The copy of TensorFlow Datasets, if all corpora are wanted and it has the split."""
        if split == "train" and self.train:
            return None
        version = prepared.prepared_version(folder, TFDS[self.pair])
        has = version is not None and _TFDS_SPLITS[split] in prepared.splits_of(version)
        return version if has else None

    def _located(self, folder: Path, corpus: Corpus) -> tuple[Source, ...]:
        """The source's and the target's file; empty if one is missing."""
        names = corpus.names(self.source, self.target)
        files = [_locate(folder, corpus.archive, name) for name in names]
        return tuple(file for file in files if file) if all(files) else ()

    def _wanted(self, corpus: Corpus) -> str:
        return corpus.archive or " ".join(dict.fromkeys(corpus.names(self.source, self.target)))


def _locate(folder: Path, archive: str, name: str) -> Source | None:
    """A file by itself, here or one folder below, gzipped or not; else the archive that has it."""
    plain = name.removesuffix(".gz")
    for place in (plain, f"*/{plain}", f"{plain}.gz", f"*/{plain}.gz"):
        for path in sorted(folder.glob(place)):
            return Source(path)
    return Source(folder / archive, name) if archive and (folder / archive).is_file() else None
