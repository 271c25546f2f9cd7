"""The sub-words that all text of the octet shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel import Vocabulary, register_vocabulary
from t2t_multimodel.problems.formats.split import normalise
from t2t_multimodel.problems.octet import vendored

LABELS = ("S", "NP", "VP", "PP", "SBAR", "ADJP", "ADVP", "WHNP", "WHADVP", "WHPP", "PRT", "QP")
"""Constituents in the trees of octet_parse."""


@register_vocabulary("octet")
class OctetVocabulary(Vocabulary):
    """4,096 sub-words for English, German and French, with the symbols of trees.

    Learned from the train texts of all octet problems: translation, names, transcripts, parsing.
    """

    size = 4096
    symbols = ("XX", *(symbol for label in LABELS for symbol in (f"({label}", f"{label})")))

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The train texts, each once."""
        yield from dict.fromkeys(_train_texts())

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored tables that hold text."""
        names = ("translation", "captions", "speech", "parse")
        return [vendored.path(f"{name}.tsv.xz") for name in names]


def _train_texts() -> Iterator[str]:
    for row in vendored.table("translation", "train"):
        yield from (row["en"], row["de"], row["fr"])
    for row in vendored.table("captions", "train"):
        yield row["name"]
    for row in vendored.table("speech", "train"):
        yield normalise(row["text"])
    for row in vendored.table("parse", "train"):
        yield row["words"]
