"""How many dots a picture has: data that is made, without any file.

mm-trainer --usr_dir=docs/examples/counting --problems=counting
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import ClassLabel, Image, Problem, register_problem

MOST, SIDE = 5, 16


@register_problem("counting")
class Counting(Problem):
    """A picture with 0 to 5 dots to their number."""

    inputs = Image(SIDE, SIDE, 1)
    targets = ClassLabel(MOST + 1)
    metrics = ("top1",)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        draws = np.random.default_rng({"train": 0, "test": 1}[split])
        for _ in range({"train": 2000, "test": 200}[split]):
            count = int(draws.integers(MOST + 1))
            picture = np.zeros((SIDE, SIDE, 1), np.uint8)
            cells = draws.choice((SIDE // 4) ** 2, count, replace=False)
            for cell in cells:
                row, column = cell // 4 * 4 + 1, cell % 4 * 4 + 1
                picture[row : row + 2, column : column + 2] = 255
            yield {"inputs": picture, "targets": count}
