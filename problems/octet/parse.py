"""Parsing: sentences to silver bracketings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Brackets, Problem, Text, register_problem
from t2t_multimodel.problems.octet import vendored


@register_problem("octet_parse")
class OctetParse(Problem):
    """Constituency parsing of English, with silver trees: 16,437 sentences of 4 to 20 words.

    Sentences of the LibreOffice help and of Flight of the Amazon Queen, bracketed by link-grammar
    5.12, no hand having checked a tree: complete linkages with a verb phrase only. A target is
    the tree as Vinyals et al. 2015 (arXiv 1412.7449) write it, with labels at both brackets and
    XX for each word or mark: "They dance ." becomes "(S (NP XX NP) (VP XX VP) XX S)". 15,437
    train, 500 dev, 500 test; pages and lines have the split that they have in octet_ende and
    octet_speech, and no sentence tested by one of the three is in train of another. MPL-2.0; the
    game's licence.
    """

    inputs = Text(vocab="octet", max_length=96)
    targets = Text(vocab="octet", max_length=128, symbols=True, grammar=Brackets())
    metrics = ("bracket_f1",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Words and marks joined by blanks, and the tree over them."""
        for row in vendored.table("parse", split):
            yield {"inputs": row["words"], "targets": row["tree"]}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored table of sentences and trees."""
        return [vendored.path("parse.tsv.xz")]
