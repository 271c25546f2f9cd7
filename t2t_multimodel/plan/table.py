"""A plan for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2t_multimodel.plan.plan import Plan
from t2t_multimodel.terminal import make_console, plural

if TYPE_CHECKING:
    from rich.console import Console


def print_plan(plan: Plan) -> None:
    """Prints the table of problems, then parameters and memory."""
    console = make_console()
    console.print(
        f"{plural(plan.steps, 'step')} of {plural(plan.batches_per_step, 'micro-batch')}: in the "
        f"mean {plural(round(plan.per_step('rows')), 'example')} and "
        f"{plural(round(plan.per_step('targets')), 'target token')} a step."
    )
    _print_problems(console, plan)
    memory, giga = plan.memory, 2**30
    console.print(f"Parameters: {plan.parameters:,}")
    console.print(
        f"Memory of training: about {memory.total / giga:.2f} GiB "
        f"(parameters {memory.parameters / giga:.2f}, optimizer {memory.slots / giga:.2f}, "
        f"gradients {memory.gradients / giga:.2f}, activations {memory.activations / giga:.2f}), "
        "beside the program and its compiled functions, 1 to 2 GiB."
    )
    declared = [one.problem for one in plan.problems if one.source == "declared"]
    if declared:
        console.print(
            f"No records yet of {', '.join(declared)}: sizes are those that the problems declare."
        )


def _print_problems(console: Console, plan: Plan) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("problem", overflow="fold")
    for column in ("share", "batches", "epochs", "rows", "targets", "padding", "active"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in plan.problems:
        table.add_row(
            one.problem,
            f"{one.share:.1%}",
            f"{one.micro_batches:,.0f}",
            f"{one.epochs:,.0f}" if one.epochs >= 100 else f"{one.epochs:.2g}",
            f"{one.rows:.0f}",
            f"{one.targets:,.0f}",
            "?" if one.padding is None else f"{one.padding:.1%}",
            _short(plan.footprints[one.problem].active),
        )
    console.print(table)
    console.print(
        "rows, targets: examples and target tokens of a micro-batch. padding: part of its inputs "
        "and targets, at most. active: parameters that a token meets. --json=FILE holds every "
        "bucket."
    )


def _short(number: int) -> str:
    """1234567 -> '1.2 M'."""
    return f"{number / 1e9:.2f} G" if number >= 1e9 else f"{number / 1e6:.1f} M"
