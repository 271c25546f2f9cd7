"""A look into the batches that a diverged run kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from t2t_multimodel.train.diverged import saved_batches

_ROWS = 5


def print_batches(file: Path) -> None:
    """Prints shape, range and the first rows of each array of each micro-batch."""
    for problem, batch in saved_batches(file):
        print(problem)
        for name, value in batch.items():
            print(f"  {name}: {describe(value)}")
            for row in value[:_ROWS]:
                print(f"    {_row(row)}")


def describe(value: np.ndarray) -> str:
    """Shape, type, range, and how many entries are no finite numbers."""
    bad = int(np.sum(~np.isfinite(value)))
    text = f"{value.dtype} {list(value.shape)}, {np.nanmin(value):g} to {np.nanmax(value):g}"
    return f"{text}, {bad} not finite" if bad else text


def _row(row: np.ndarray) -> str:
    flat = np.ravel(row)
    shown = " ".join(f"{number:g}" for number in flat[:16])
    return f"{shown} ..." if flat.size > 16 else shown
