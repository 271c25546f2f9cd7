"""The table of a comparison, and its JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.specialists.budget import Cost
from bench.specialists.scoring import Scores
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.terminal import make_console


@dataclass(frozen=True)
class Contender:
    """One net on one problem."""

    problem: str
    split: str
    name: str
    """`name` is a kind of specialist, "single-task" or "joint"."""
    scores: Scores
    cost: Cost
    settings: dict[str, Any]
    """What the training was told."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        values = dataclasses.asdict(self)
        values["cost"]["step_ms"] = self.cost.step_ms
        return values


def store(contenders: Sequence[Contender], file: Path) -> None:
    """Writes all that is known of the contenders."""
    with written_by_rename(file) as stream:
        text = json.dumps([one.to_dict() for one in contenders], indent=1)
        stream.write(text.encode())


def print_table(contenders: Sequence[Contender]) -> None:
    """Prints the contenders of one problem: a column for each, a row for each score and cost."""
    first = contenders[0]
    table = Table(title=f"{first.problem}, {first.split}", box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for one in contenders:
        table.add_column(one.name, justify="right", no_wrap=True)
    for name in dict.fromkeys(name for one in contenders for name in one.scores):
        table.add_row(name, *(_score(one.scores, name) for one in contenders))
    for name, values in _costs(contenders).items():
        table.add_row(name, *values)
    make_console().print(table)


def _score(scores: Scores, name: str) -> str:
    if name not in scores:
        return "-"
    low, high = scores[name].interval
    return f"{scores[name].value:.4g} [{low:.4g}, {high:.4g}]"


def _costs(contenders: Sequence[Contender]) -> dict[str, list[str]]:
    costs = [one.cost for one in contenders]
    return {
        "parameters": [f"{one.parameters:,}" for one in costs],
        "steps": [f"{one.steps:,}" for one in costs],
        "CPU seconds": [_known(one.cpu_seconds) for one in costs],
        "before the second step": [_known(one.start_seconds) for one in costs],
        "CPU-ms a step": [_known(one.step_ms) for one in costs],
    }


def _known(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
