"""Tasks that come after the made ones: one of an old vocabulary, one of a new one, one of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import ClassLabel, Problem, Text, register_problem

SIZES = {"train": 48, "dev": 6, "test": 12}


@register_problem("added_parity")
class AddedParity(Problem):
    """Digits as odd or even: reads an old vocabulary, has a class net of its own."""

    inputs = Text(vocab="made_words", max_length=4)
    targets = ClassLabel(names=("even", "odd"))
    metrics = ("top1",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for n in range(SIZES[split]):
            yield {"inputs": str(n % 6 + 1), "targets": (n + 1) % 2}


@register_problem("added_echo")
class AddedEcho(Problem):
    """Letters that are said again, in a vocabulary of its own."""

    inputs = Text(max_length=8)
    targets = Text(max_length=8)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for n in range(SIZES[split]):
            letters = " ".join("xyz"[(n // 3**k) % 3] for k in range(2))
            yield {"inputs": letters, "targets": letters}


@register_problem("added_same")
class AddedSame(Problem):
    """The numbers again, under the command of the old ones: nothing of it is new."""

    inputs = Text(vocab="made_words", max_length=12)
    targets = Text(vocab="made_words", max_length=12)
    command = "made_numbers"

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        yield {"inputs": "1", "targets": "one"}
