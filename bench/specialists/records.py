"""The examples that a specialist reads: an npz file that needs none of the project's code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Examples:
    """The examples of one split."""

    inputs: list[np.ndarray]
    """`inputs` are int [tokens], uint8 [H, W, C] or float [frames, mels]."""
    targets: list[np.ndarray]
    """`targets` are int [tokens] with the end, or int [] for a class."""
    texts: list[str]
    """`texts` holds the targets as people read them; empty for classes."""


@dataclass(frozen=True)
class Records:
    """What a specialist is trained and scored on."""

    train: Examples
    test: Examples
    """The split that is scored, whatever its name."""
    decoded: np.ndarray
    """int [n]: the examples of `test` that are decoded, in the order of evaluations."""
    input_size: int
    """Sub-words of the input's vocabulary; 0 where there is none."""
    target_size: int
    """Sub-words of the target's vocabulary, or classes."""
    shared: bool
    """Whether inputs and targets have one vocabulary."""
    longest: int
    """Longest output in tokens, the end included."""


def load(path: Path) -> Records:
    """Reads what `export.export` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    train, test = (
        Examples(
            _unpacked(arrays, f"{part}/inputs"),
            _unpacked(arrays, f"{part}/targets"),
            [str(text) for text in arrays[f"{part}/texts"]],
        )
        for part in ("train", "test")
    )
    sizes = {name: int(arrays[name]) for name in ("input_size", "target_size", "longest")}
    return Records(train, test, arrays["decoded"], shared=bool(arrays["shared"]), **sizes)


def _unpacked(arrays: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    if f"{name}_lengths" not in arrays:
        return list(arrays[name])
    return np.split(arrays[name], np.cumsum(arrays[f"{name}_lengths"])[:-1])
