"""Clothes: Fashion-MNIST, small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import ClassLabel, Image, Problem, register_problem
from t2t_multimodel.problems.corpora.fashion_mnist import CLASSES
from t2t_multimodel.problems.octet import vendored


@register_problem("octet_image")
class OctetImage(Problem):
    """Grey pictures of clothes in ten classes: 13,000 of Fashion-MNIST.

    10,000 train and 1,000 dev pictures from its train file, 2,000 test pictures from its test
    file: the first of each class, so every split is balanced. Pixels as published. MIT licence.
    """

    inputs = Image(28, 28, 1)
    targets = ClassLabel(names=CLASSES)
    metrics = ("top1", "top5")
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pictures uint8 [28, 28, 1] with the number of their class."""
        for pixels, row in zip(vendored.array("images"), vendored.table("images"), strict=True):
            if row["split"] == split:
                yield {"inputs": pixels[..., None], "targets": int(row["label"])}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored pictures and labels."""
        return [vendored.path("images.npy.xz"), vendored.path("images.tsv.xz")]
