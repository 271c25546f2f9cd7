"""The forgetting table: what the old problems of a run scored before and after others came."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.metrics.text import is_lower_better
from t2t_multimodel.side_files import NUMBER, Damaged, read_json, require
from t2t_multimodel.terminal import make_console


class Scored(NamedTuple):
    """The scores of one problem at one time."""

    split: str
    examples: int
    scores: dict[str, float]


class ForgottenScore(NamedTuple):
    """One score of one problem, before and after."""

    problem: str
    score: str
    before: float
    after: float

    @property
    def verdict(self) -> str:
        """unchanged, better or worse; equal to the last digit is unchanged, nothing else."""
        if self.after == self.before:
            return "unchanged"
        lower = is_lower_better(self.score)
        return "better" if (self.after < self.before) == lower else "worse"


@dataclass(frozen=True)
class Forgetting:
    """Scores of the old problems, on the same examples."""

    source: str
    """The checkpoint with the old weights."""
    before: dict[str, Scored]
    after: dict[str, Scored]
    """Empty until training is over."""

    def lines(self) -> list[ForgottenScore]:
        """All scores, in the order of the problems."""
        return [
            ForgottenScore(problem, name, value, self.after[problem].scores[name])
            for problem, scored in self.before.items()
            for name, value in scored.scores.items()
        ]

    @property
    def verdict(self) -> str:
        """One sentence on all scores."""
        lines = self.lines()
        changed = [line for line in lines if line.verdict != "unchanged"]
        what = f"scores of {len(self.before)} old problems"
        if not changed:
            return f"All {len(lines)} {what} are unchanged to the last digit."
        worse = sum(line.verdict == "worse" for line in changed)
        return f"Of {len(lines)} {what} {worse} are worse, {len(changed) - worse} better."

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        times = {"before": self.before, "after": self.after}
        return {"from": self.source} | {
            time: {name: scored._asdict() for name, scored in problems.items()}
            for time, problems in times.items()
        }


_SCORED = {"split": str, "examples": int, "scores": {str: NUMBER}}
_SHAPE = {"from": str, "before": {str: _SCORED}, "after": {str: _SCORED}}
_REMEASURE = "Remove it: the old problems are scored again before the run goes on."


def scored(results: Iterable[Result]) -> dict[str, Scored]:
    """Problem -> its scores."""
    return {one.problem: Scored(one.split, one.examples, one.scores) for one in results}


def store(forgetting: Forgetting, file: Path) -> None:
    """Writes the table; the file appears whole."""
    with written_by_rename(file) as stream:
        stream.write(json.dumps(forgetting.to_dict(), indent=1).encode())


def load(file: Path) -> Forgetting:
    """The inverse of `store`."""
    values = read_json(file, ("from", "before", "after"))
    try:
        require(values, _SHAPE)
        before, after = (
            {name: Scored(**scored) for name, scored in values[time].items()}
            for time in ("before", "after")
        )
    except (ValueError, TypeError) as error:
        raise Damaged(file, f"{error} where it should not be", _REMEASURE) from error
    return Forgetting(values["from"], before, after)


def print_forgetting(forgetting: Forgetting) -> None:
    """Prints every score of every old problem before and after, and the verdict."""
    from rich.table import Table

    table = Table(title="Old problems", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("problem", "score"):
        table.add_column(column, overflow="fold")
    for column in ("before", "after", "change"):
        table.add_column(column, justify="right")
    table.add_column("")
    seen = ""
    for line in forgetting.lines():
        name = "" if line.problem == seen else line.problem
        figures = [f"{line.before:.4f}", f"{line.after:.4f}", f"{line.after - line.before:+.2g}"]
        table.add_row(name, line.score, *figures, line.verdict)
        seen = line.problem
    console = make_console()
    console.print(table)
    console.print(forgetting.verdict)
