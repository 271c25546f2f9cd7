"""Two problems of the octet with one thing changed in their train split."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import register_problem
from t2t_multimodel.problems.octet.image import OctetImage
from t2t_multimodel.problems.octet.parse import OctetParse


@register_problem("control_image_shuffled")
class ShuffledImage(OctetImage):
    """The pictures of octet_image with train labels that are exchanged among them.

    The labels say nothing of the pictures, but each label is as frequent as before. What helps
    another problem as much with these labels as with the real ones is no transfer. Dev and test
    are those of octet_image.
    """

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pictures uint8 [28, 28, 1], each of train with the label of another one."""
        examples = super().examples(split, raw_dir)
        if split != "train":
            yield from examples
            return
        known = list(examples)
        order = np.random.default_rng(0).permutation(len(known))
        for example, other in zip(known, order, strict=True):
            yield {"inputs": example["inputs"], "targets": known[other]["targets"]}


@register_problem("control_parse_tenth")
class TenthOfParse(OctetParse):
    """Every tenth train sentence of octet_parse: 1,544 of 15,437.

    Dev and test are those of octet_parse.
    """

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Words and marks joined by blanks, and the tree over them."""
        step = 10 if split == "train" else 1
        yield from islice(super().examples(split, raw_dir), 0, None, step)
