"""What a person at a terminal sees of a run while it goes on."""

from __future__ import annotations

import io

from rich.console import Console

from t2t_multimodel.train.display import live, view
from t2t_multimodel.train.progress import Progress


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, legacy_windows=False)


def shown(progress: Progress) -> list[list[str]]:
    plain = Console(file=io.StringIO(), width=100)
    plain.print(view(progress))
    return [line.split() for line in plain.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_before_the_first_step_it_says_that_it_compiles() -> None:
    (row,) = shown(Progress(10, 40))
    assert row[:2] == ["step", "10/40"]
    assert row[-3:] == ["0", "examples/s", "compiling"]


def test_each_problem_has_its_newest_loss_and_dev_score() -> None:
    progress = Progress(0, 2000)
    progress.add("a", {"xent": 2.0}, 8)
    progress.add("b", {"xent": 3.5}, 8)
    progress.add_step(1.0)
    progress.report(0.1)
    progress.dev_scores["b"] = "dev top1 0.500"
    first, *rows = shown(progress)
    assert first[:2] == ["step", "1/2,000"]
    assert first[-1] == "left"
    assert rows == [["a", "loss", "2.000"], ["b", "loss", "3.500", "dev", "top1", "0.500"]]


def test_without_a_terminal_nothing_is_drawn() -> None:
    file = console(False)
    with live(Progress(0, 10), file):
        pass
    assert file.file.getvalue() == ""  # type: ignore[attr-defined]


def test_on_a_terminal_the_view_is_drawn_and_cleared() -> None:
    screen = console(True)
    with live(Progress(0, 10), screen):
        screen.print("a line")
    drawn = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "0/10" in drawn and "a line" in drawn
    assert drawn.index("a line") < drawn.rindex("\x1b[2K")  # wiped at the end
