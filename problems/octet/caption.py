"""Captions of emoji, drawn by two hands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Image, Problem, Text, register_problem
from t2t_multimodel.problems.octet import vendored


@register_problem("octet_caption")
class OctetCaption(Problem):
    """Emoji at 32 px to their English names: 3,168 drawings by Google and by Twitter.

    A tenth of the emoji is seen in no other split: both drawings are `test_unseen` (342). Of the
    rest, Google's drawing and two thirds of Twitter's are train (2,338); `dev` (136) and `test`
    (352) are Twitter's drawings of emoji known in Google's drawing only: a known thing, drawn by
    another hand. Transparent pixels are white, skin variants left out. Names: CLDR (Unicode
    licence); drawings: Twitter's CC BY 4.0, Google's Apache-2.0.
    """

    inputs = Image(32, 32, 3, distort=0.1)
    targets = Text(vocab="octet", max_length=64)
    metrics = ("bleu",)
    splits = ("train", "dev", "test_unseen", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Drawings uint8 [32, 32, 3] with the emoji's name, such as "man farmer"."""
        for pixels, row in zip(vendored.array("captions"), vendored.table("captions"), strict=True):
            if row["split"] == split:
                yield {"inputs": pixels, "targets": row["name"]}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored drawings and names."""
        return [vendored.path("captions.npy.xz"), vendored.path("captions.tsv.xz")]
