"""A kind of data of one's own, a row of numbers, with three problems and a metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from t2t_multimodel import (
    BadValue,
    ClassLabel,
    Feature,
    Problem,
    Signature,
    Text,
    register_metric,
    register_problem,
)

SIZES = {"train": 120, "dev": 20, "test": 40}
WORDS = ("one", "two", "three")


@dataclasses.dataclass(frozen=True)
class Vector(Feature):
    """A row of `n` numbers."""

    n: int

    dtype: ClassVar[np.dtype] = np.dtype(np.float32)
    hint: ClassVar[str] = "Type numbers with blanks between"
    seen_as: ClassVar[str] = "the numbers"

    def signature(self, problem: str, tokenizer: Any) -> Signature:
        return Signature("vector", f"vector/{self.n}", 0, (self.n,), 1, "float32")

    def encode(self, value: Any, tokenizer: Any) -> np.ndarray:
        row = np.asarray(value, np.float32)
        if row.shape != (self.n,) or not np.isfinite(row).all():
            raise BadValue(f"a vector must be {self.n} finite numbers, but is {value!r:.60}")
        return row

    def decode(self, array: np.ndarray, tokenizer: Any) -> np.ndarray:
        return array

    def length(self, array: np.ndarray) -> int:
        return 1

    def stored_shape(self) -> tuple[int, ...]:
        return (self.n,)

    def parse(self, given: str | bytes) -> list[float]:
        return [float(word) for word in given.split()]

    def words(self, array: np.ndarray, tokenizer: Any) -> str:
        return " ".join(f"{x:.3f}" for x in array)

    def output_words(self, output: Any) -> str:
        return self.words(output, None)

    def simple(self, value: np.ndarray) -> np.ndarray:
        return value


@register_metric("my_r2")
def r2(targets: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> float:
    """Explained part of the variance: 1 is perfect, 0 is the mean."""
    known = np.stack(targets)
    rest = np.square(np.stack(outputs) - known).sum()
    return float(1 - rest / max(1e-9, np.square(known - known.mean(axis=0)).sum()))


class Made(Problem):
    """Rows of numbers that are drawn anew for each split."""

    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        draws = np.random.default_rng(len(split))
        for _ in range(SIZES[split]):
            yield self.example(draws)

    def example(self, draws: np.random.Generator) -> dict[str, Any]:
        """One example."""
        raise NotImplementedError


@register_problem("my_sums")
class MySums(Made):
    """Three numbers to their sum and their first difference."""

    inputs = Vector(3)
    targets = Vector(2)
    metrics = ("my_r2",)

    def example(self, draws: np.random.Generator) -> dict[str, Any]:
        x = draws.normal(size=3)
        return {"inputs": x, "targets": [x.sum(), x[0] - x[1]]}


@register_problem("my_peaks")
class MyPeaks(Made):
    """Three numbers to the place of the largest one."""

    inputs = Vector(3)
    targets = ClassLabel(3)

    def example(self, draws: np.random.Generator) -> dict[str, Any]:
        x = draws.normal(size=3)
        return {"inputs": x, "targets": int(x.argmax())}


@register_problem("my_counts")
class MyCounts(Made):
    """A sentence to how often each of three words is in it."""

    inputs = Text()
    targets = Vector(3)
    metrics = ("my_r2",)

    def example(self, draws: np.random.Generator) -> dict[str, Any]:
        counts = draws.integers(0, 3, 3) + np.array([1, 0, 0])
        words = [word for word, n in zip(WORDS, counts, strict=True) for _ in range(n)]
        return {"inputs": " ".join(draws.permutation(words)), "targets": counts}
