"""The live view of a run: a table below the lines, where there is a terminal to redraw it on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from t2t_multimodel.terminal import make_console
from t2t_multimodel.train.progress import Progress, duration


@contextmanager
def live(progress: Progress, console: Console | None = None) -> Iterator[None]:
    """Redraws the table twice a second, in a thread of its own, below what is printed.

    Where the output is no terminal there are the printed lines alone.
    """
    console = console or make_console()
    if not console.is_terminal:
        yield
        return
    with Live(
        get_renderable=lambda: view(progress),
        console=console,
        refresh_per_second=2,
        transient=True,
    ):
        yield


def view(progress: Progress) -> Table:
    """Steps done and left, then each problem with its newest loss and dev score."""
    table = Table.grid(padding=(0, 2))
    left = f"{duration(progress.seconds_left)} left" if progress.steps_done else "compiling"
    table.add_row(
        f"step {progress.step:,}/{progress.steps:,}",
        ProgressBar(progress.steps, progress.step, width=24),
        f"{progress.examples_per_second:,.0f} examples/s",
        left,
    )
    for problem, xent in list(progress.losses.items()):
        table.add_row(problem, f"loss {xent:.3f}", progress.dev_scores.get(problem, ""))
    return table
