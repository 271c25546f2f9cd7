"""The table of a run: each problem's score beside its floors."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.evaluator import Result
from t2t_multimodel.evaluate.floors import Floors, floors_of


@dataclasses.dataclass(frozen=True)
class Row:
    """A result and the floors it must beat."""

    result: Result
    floors: Floors

    @property
    def score(self) -> str:
        """The score that is compared: top1 for class labels, else tf/log_ppl."""
        return "top1" if "top1" in self.result.scores else "tf/log_ppl"

    @property
    def above_floor(self) -> bool:
        """Whether the model knows more than targets alone can tell."""
        model, floor = self.result.scores[self.score], self.floors.source_blind[self.score]
        return model > floor if self.score == "top1" else model < floor

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return {
            "problem": self.result.problem,
            "split": self.result.split,
            "examples": self.result.examples,
            "shuffled_sources": self.result.shuffled_sources,
            "scores": self.result.scores,
            "trivial_floor": self.floors.trivial,
            "source_blind_floor": self.floors.source_blind,
            "above_source_blind_floor": self.above_floor,
        }


def with_floors(results: Sequence[Result], prepared: dict[str, Prepared]) -> list[Row]:
    """Joins results with the floors of their problem and split; missing floors are computed."""
    return [
        Row(result, floors_of(prepared[result.problem], result.split, classical=False))
        for result in results
    ]


def print_table(rows: Sequence[Row]) -> None:
    """Prints each problem's compared score beside its floors, then all other scores."""
    from rich.console import Console
    from rich.table import Table

    shuffled = any(row.result.shuffled_sources for row in rows)
    title = "Sources exchanged among examples" if shuffled else None
    # Narrow enough for 80 columns: long names fold, figures are never cut.
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("problem", "split", "examples", "score"):
        table.add_column(column, overflow="fold")
    for column in ("model", "source-\nblind", "trivial"):
        table.add_column(column, justify="right", overflow="fold")
    table.add_column("above\nfloor")
    for row in rows:
        result, floors = row.result, row.floors
        table.add_row(
            result.problem,
            result.split,
            f"{result.examples:,}",
            row.score,
            f"{result.scores[row.score]:.4f}",
            f"{floors.source_blind[row.score]:.4f}",
            f"{floors.trivial[row.score]:.4f}",
            "yes" if row.above_floor else "no",
        )
    console = Console(highlight=False)
    console.print(table)
    for row in rows:
        others = (f"{k} {v:.4g}" for k, v in row.result.scores.items() if k != row.score)
        console.print(f"{row.result.problem}: {', '.join(others)}")
    above = sum(row.above_floor for row in rows)
    console.print(
        f"{above} of {len(rows)} problems are above the source-blind floor, the best that a model "
        "of the targets alone reached. tf/log_ppl: nats a token, given the true tokens before it "
        "(lower is better)."
    )
