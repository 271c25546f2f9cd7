"""The mixture of a run beside what was asked for: `mixture.json`, scalars, and a table."""

from __future__ import annotations

from collections.abc import Sequence

from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.realised import Realised
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.terminal import make_console

FILE = "mixture.json"


def write_mixture(
    folder: RunFolder, steps: int, rows: Sequence[Realised], mixture: Mixture
) -> None:
    """Writes what each problem got in the first `steps` steps into the run's folder.

    Args:
        folder: of the run; `mixture.json` and scalars `NAME/mixture/...` are written.
        steps: steps done.
        rows: see `realised`.
        mixture: of the run.
    """
    folder.write_json(FILE, {"steps": steps, "problems": [row.to_dict() for row in rows]})
    shares = mixture.shares(max(0, steps - 1))
    scalars: dict[str, float] = {}
    for row in rows:
        scalars[f"{row.problem}/mixture/share"] = shares[row.problem]
        scalars[f"{row.problem}/mixture/batches"] = row.batches
        scalars[f"{row.problem}/mixture/epochs"] = row.epochs
    folder.write_scalars(steps, scalars)


def print_mixture(rows: Sequence[Realised]) -> None:
    """Prints the share of each problem that was asked for, and those that it got."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("problem", overflow="fold")
    for column in ("asked", "batches", "examples", "targets", "epochs"):
        table.add_column(column, justify="right")
    totals = [
        sum(getattr(row, field) for row in rows) or 1
        for field in ("asked", "batches", "examples", "targets")
    ]
    for row in rows:
        parts = (row.asked, row.batches, row.examples, row.targets)
        table.add_row(
            row.problem,
            *(f"{part / total:.1%}" for part, total in zip(parts, totals, strict=True)),
            f"{row.epochs:.2f}",
        )
    console = make_console()
    console.print("The mixture: share asked for; shares of batches, examples, target tokens.")
    console.print(table)
