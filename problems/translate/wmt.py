"""Translation of news between English, German and French: WMT, from the user's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import (
    BadValue,
    Declared,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.problems.corpora import wmt
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.formats.parallel import is_text
from t2t_multimodel.problems.twins import wmt_tiny

SAMPLE_LINES = 500_000
"""First pairs of each training corpus that the vocabulary may learn from."""
_PAGES = "mm-problems show wmt_ende, or another direction, tells which files to get."


@register_vocabulary("wmt")
class WmtVocabulary(Vocabulary):
    """32,000 sub-words of English, German and French, shared by all directions of WMT.

    Learned from the training corpora of those pairs that are complete in raw_dir, the first
    500,000 pairs of each corpus: put the files of all pairs there before the first run.
    """

    size = 32_000

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """Train lines of both languages of every pair found; those that are no text left out."""
        folder, pairs = _complete(raw_dir)
        for pair in pairs:
            for corpus in pair.parts(folder, "train"):
                for lines in islice(corpus.pairs(), SAMPLE_LINES):
                    yield from (str(line) for line in lines[:2] if is_text(line))

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The training files of every pair found."""
        folder, pairs = _complete(raw_dir)
        files = (pair.source_files(folder, ["train"]) for pair in pairs)
        return sorted({path for paths in files for path in paths})


def _complete(raw_dir: Path | None) -> tuple[Path, list[wmt.Direction]]:
    """The folder of WMT, and the pairs of which it has all training corpora.

    Raises:
        UserError: it has none; the error names what the nearest pair lacks.
    """
    folder = own_folder(raw_dir, "wmt", _PAGES)
    pairs = [wmt.Direction(*pair) for pair in wmt.PAIRS]
    lacks = {pair: pair.missing(folder, ["train"]) for pair in pairs}
    if all(lacks.values()):
        min(pairs, key=lambda pair: len(lacks[pair])).check_present(folder, ["train"])
    return folder, [pair for pair in pairs if not lacks[pair]]


def _checked(line: str | BadValue) -> str | BadValue:
    if isinstance(line, BadValue):
        return line
    return line if is_text(line) else BadValue("line is not UTF-8" if line else "line is empty")


@register_problem("wmt_ende")
class WmtEnDe(Problem):
    """English to German: WMT14, 4.5 million pairs, tested on newstest2014.

    Europarl v7, Common Crawl and News Commentary v9; dev is newstest2013. BLEU is sacrebleu's on
    detokenised text. Lines that are empty or no UTF-8 are left out with their partner and counted.
    Reads the archives of the workshop, their unpacked files, or TensorFlow Datasets' copy.
    """

    inputs = Text(vocab="wmt")
    targets = Text(vocab="wmt")
    metrics = ("bleu", "chrf")
    splits = wmt.SPLITS
    train_shards = 8
    direction: ClassVar[wmt.Direction] = wmt.Direction("en", "de")
    declared = Declared(
        examples={"train": 4_508_785, "dev": 3000, "test": 3003},
        inputs_length=28,
        targets_length=30,
    )
    how_to_get = direction.how_to_get

    def source_parts(
        self, split: str, raw_dir: Path | None
    ) -> Sequence[wmt.Files | wmt.PreparedCorpus]:
        """The corpora of the split.

        Raises:
            UserError: a file is missing.
        """
        return self.direction.parts(self._folder(raw_dir), split)

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pairs of sentences in the order of the files.

        Raises:
            UserError: a file is damaged, or two do not go together.
        """
        for pair in part.pairs():
            yield {
                "inputs": _checked(pair.source),
                "targets": _checked(pair.target),
                "origin": pair.origin,
            }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files of all splits."""
        return self.direction.source_files(self._folder(raw_dir))

    def tiny(self, folder: Path) -> None:
        """The archives of all directions, laid out like the workshop's, about houses."""
        wmt_tiny.write(folder)

    def _folder(self, raw_dir: Path | None) -> Path:
        return own_folder(raw_dir, "wmt", self.how_to_get)


@register_problem("wmt_deen")
class WmtDeEn(WmtEnDe):
    """German to English: the same pairs as wmt_ende."""

    direction = wmt.Direction("de", "en")
    how_to_get = direction.how_to_get


@register_problem("wmt_enfr")
class WmtEnFr(WmtEnDe):
    """English to French: WMT14, 41 million pairs, tested on newstest2014.

    Europarl v7, Common Crawl, News Commentary v9, UN and 10^9 French-English; dev is newstest2013.
    """

    direction = wmt.Direction("en", "fr")
    train_shards = 32
    declared = Declared(
        examples={"train": 40_836_715, "dev": 3000, "test": 3003},
        inputs_length=32,
        targets_length=38,
    )
    how_to_get = direction.how_to_get


@register_problem("wmt_fren")
class WmtFrEn(WmtEnFr):
    """French to English: the same pairs as wmt_enfr."""

    direction = wmt.Direction("fr", "en")
    how_to_get = direction.how_to_get


@register_problem("wmt_frde")
class WmtFrDe(WmtEnDe):
    """French to German: WMT19, 2.6 million pairs, tested on newstest2019.

    Europarl v7, Common Crawl and News Commentary v14 of the two languages, without ParaCrawl
    (which TensorFlow Datasets' copy has); dev is euelections_dev2019, in both directions the same.
    """

    direction = wmt.Direction("fr", "de")
    declared = Declared(
        examples={"train": 2_600_000, "dev": 1512, "test": 1701},
        inputs_length=34,
        targets_length=31,
    )
    how_to_get = direction.how_to_get


@register_problem("wmt_defr")
class WmtDeFr(WmtFrDe):
    """German to French: the same training pairs as wmt_frde, tested on newstest2019."""

    direction = wmt.Direction("de", "fr")
    how_to_get = direction.how_to_get
