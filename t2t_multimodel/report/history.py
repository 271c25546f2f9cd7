"""Turns what a run logged in `scalars.jsonl` into curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from t2t_multimodel.side_files import read_lines

Curve = list[tuple[int, Any]]
"""(step, value) in order; a value is a number, or a list for what is logged of each expert."""


@dataclass(frozen=True)
class History:
    """Everything logged, by name, such as NAME/train/xent and NAME/dev/teacher_forced/log_ppl."""

    curves: dict[str, Curve] = field(default_factory=dict)

    def under(self, prefix: str) -> dict[str, Curve]:
        """Curves whose names begin with a prefix, which is left out."""
        found = {}
        for name, curve in self.curves.items():
            if name.startswith(prefix):
                found[name.removeprefix(prefix)] = curve
        return found

    @property
    def last_step(self) -> int:
        """The newest step that was logged; 0 if none was."""
        return max((curve[-1][0] for curve in self.curves.values()), default=0)


def read_history(file: Path, say: Callable[[str], None] = print) -> History:
    """The curves of a run; none if it has not logged yet."""
    curves: dict[str, Curve] = {}
    if file.is_file():
        for values, _ in read_lines(file, ("step",), say):
            step = values.pop("step")
            values.pop("time", None)
            for name, value in values.items():
                if isinstance(step, int) and _is_logged(value):
                    curves.setdefault(name, []).append((step, value))
    return History(curves)


def _is_logged(value: Any) -> bool:
    """Whether a value is a number, or a list of numbers."""
    values = value if isinstance(value, list) else [value]
    return all(isinstance(one, (int, float)) for one in values)
