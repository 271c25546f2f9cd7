"""More problems with vectors, on one side only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import ClassLabel, Problem, Text, register_problem

from .vectors import Vector

SIZES = {"train": 120, "dev": 20, "test": 40}
WORDS = ("one", "two", "three")


@register_problem("my_peaks")
class MyPeaks(Problem):
    """Three numbers to the place of the largest one."""

    inputs = Vector(3)
    targets = ClassLabel(3)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for x in np.random.default_rng(len(split)).normal(size=(SIZES[split], 3)):
            yield {"inputs": x, "targets": int(x.argmax())}


@register_problem("my_counts")
class MyCounts(Problem):
    """A sentence to how often each of three words is in it."""

    inputs = Text()
    targets = Vector(3)
    metrics = ("my_r2",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        draws = np.random.default_rng(len(split))
        for counts in draws.integers(0, 3, (SIZES[split], 3)) + np.array([1, 0, 0]):
            words = [word for word, n in zip(WORDS, counts, strict=True) for _ in range(n)]
            yield {"inputs": " ".join(draws.permutation(words)), "targets": counts}
