"""A user's file with problems that break their contract, each in one way."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import (
    ClassLabel,
    Declared,
    Feature,
    Problem,
    Signature,
    Text,
    register_problem,
)

COLOURS = ("red", "green", "blue")


class Sound(Problem):
    """Keeps its contract: the others change one thing of it."""

    inputs: Any = Text(max_length=40)
    targets: Any = ClassLabel(names=COLOURS)
    metrics: Any = ("top1",)

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        first = {"train": 0, "test": 100}[split]
        for n in range(first, first + 30):
            yield {"inputs": f"a {COLOURS[n % 3]} thing, number {n}", "targets": n % 3}


@register_problem("broken_declaration")
class NoTargets(Problem):
    """Declares no targets."""

    inputs = Text()


@register_problem("broken_raw_files")
class RawFiles(Sound):
    """Reads a folder, of which its user was not told."""

    how_to_get = "Record ten of them, and put them into wavs/ as 0.wav to 9.wav."

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for path in sorted((raw_dir / "wavs").iterdir()):  # type: ignore[operator]
            yield {"inputs": path.name, "targets": 0}


@register_problem("broken_reading")
class OwnBug(Sound):
    """Divides by zero at the third example."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for n, example in enumerate(super().examples(split, raw_dir)):
            yield {**example, "weight": 1 / (2 - n)}


@register_problem("broken_keys")
class WrongKey(Sound):
    """Calls the targets by another name."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for example in super().examples(split, raw_dir):
            yield {"inputs": example["inputs"], "target": 1}


@register_problem("broken_splits")
class EmptySplit(Sound):
    """Declares a split that has nothing."""

    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        return iter(()) if split == "dev" else super().examples(split, raw_dir)


@register_problem("broken_count")
class WrongCount(Sound):
    """Declares more examples than there are."""

    declared = Declared(examples={"train": 30, "test": 40}, inputs_length=0, targets_length=1)


@register_problem("broken_labels")
class LabelOutOfRange(Sound):
    """Counts its classes from 1."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for example in super().examples(split, raw_dir):
            yield {**example, "targets": example["targets"] + 1}


@register_problem("broken_empty")
class EmptyTexts(Sound):
    """Has texts without a word."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for n, example in enumerate(super().examples(split, raw_dir)):
            yield {**example, "inputs": "  "} if n % 10 == 4 else example


@register_problem("broken_lengths")
class OverLong(Sound):
    """Declares less room than its texts need."""

    inputs = Text(max_length=3)


@dataclasses.dataclass(frozen=True)
class Point(Feature):
    """Two numbers; its fields break one thing each."""

    shape: tuple[int, ...] = (2,)
    shift: float = 0.0

    dtype = np.dtype(np.float32)

    def signature(self, problem: str, tokenizer: Any) -> Signature:
        return Signature("point", "point", 0, self.shape, 1, "float32")

    def encode(self, value: Any, tokenizer: Any) -> np.ndarray:
        return np.asarray(value, np.float32)

    def decode(self, array: np.ndarray, tokenizer: Any) -> list[float]:
        return (array + self.shift).tolist()

    def length(self, array: np.ndarray) -> int:
        return 1

    def stored_shape(self) -> tuple[int, ...]:
        return (2,)


class Points(Sound):
    """Keeps its contract."""

    inputs = Point()

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for n, example in enumerate(super().examples(split, raw_dir)):
            yield {"inputs": [n, n / 3 + len(split)], "targets": example["targets"]}


@register_problem("broken_sizes")
class WrongSize(Points):
    """Declares three numbers, and stores two."""

    inputs = Point(shape=(3,))


@register_problem("broken_round_trip")
class LossyDecode(Points):
    """Decodes to other numbers."""

    inputs = Point(shift=0.5)


@register_problem("broken_determinism")
class ReadOnce(Sound):
    """Keeps a count between two readings."""

    _count = itertools.count()

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for example in super().examples(split, raw_dir):
            yield {**example, "inputs": f"{example['inputs']} {next(self._count)}"}


@register_problem("broken_workers")
class SetOrder(Sound):
    """Goes through a set, whose order is another one in each process."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        texts = {example["inputs"] for example in super().examples(split, raw_dir)}
        for text in texts:
            yield {"inputs": text, "targets": 0}


@register_problem("broken_leakage")
class Leak(Sound):
    """Tests on five examples of train."""

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        yield from super().examples(split, raw_dir)
        if split == "test":
            yield from itertools.islice(super().examples("train", raw_dir), 10, 15)


@register_problem("broken_metrics")
class WrongMetric(Sound):
    """Scores single words by BLEU."""

    targets = Text(max_length=40)
    metrics = ("exact", "bleu")

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for example in super().examples(split, raw_dir):
            yield {**example, "targets": COLOURS[example["targets"]]}


@register_problem("broken_sources")
class UnnamedSource(Sound):
    """Reads a file that it does not name."""

    reads = ("*.tsv",)

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        names = (raw_dir / "names.txt").read_text().split()  # type: ignore[operator]
        lines = (raw_dir / f"{split}.tsv").read_text().splitlines()  # type: ignore[operator]
        for n, line in enumerate(lines):
            yield {"inputs": line, "targets": names[n % 3]}
