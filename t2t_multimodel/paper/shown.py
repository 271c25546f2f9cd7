"""Parts of a page that show what a run logged: affinity between problems, experts by problem."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from t2t_multimodel.paper.experiment import Part
from t2t_multimodel.paper.history import history_of
from t2t_multimodel.paper.record import Record
from t2t_multimodel.report.figures import HeatMap, Panel, draw, draw_heat
from t2t_multimodel.report.history import History
from t2t_multimodel.report.page import Figure, Media, PageBlock, Paragraph, Table
from t2t_multimodel.report.routing import routing_section
from t2t_multimodel.train.affinity import HELD_EXAMPLES, PREFIX, SECONDS


def parts_of(shows: tuple[Part, ...], record: Record) -> list[PageBlock]:
    """What an experiment shows of its first arm's first run, in the order asked for."""
    makers: dict[Part, Callable[[Record], list[PageBlock]]] = {
        "affinity": affinity_blocks,
        "experts": experts_blocks,
    }
    return [block for part in shows for block in makers[part](record)]


def experts_blocks(record: Record) -> list[PageBlock]:
    """Shares of the experts by problem and layer, at the end and over the steps."""
    return routing_section(history_of(record.curves), list(record.parsed.rates)).blocks


def affinity_blocks(record: Record) -> list[PageBlock]:
    """Mean affinities as a table and a picture, their course as another one."""
    history, problems = history_of(record.curves), list(record.parsed.trained)
    measured = history.under(PREFIX)
    if not measured:
        return [Paragraph(f"Nothing was measured in the run of {record.arm}.")]
    values_SPP = np.array([[value for _, value in measured[name]] for name in problems])
    values_SPP = values_SPP.transpose(1, 0, 2)  # measurements, step on, loss of
    return [
        Paragraph(_words(record, history, len(values_SPP))),
        _table(problems, values_SPP),
        _map(problems, values_SPP.mean(axis=0)),
        _course(problems, history),
    ]


def _words(record: Record, history: History, number: int) -> str:
    seconds = [value for _, value in history.curves[SECONDS]]
    cost = sum(seconds) / len(seconds) * -(-record.parsed.train.steps // _every(record))
    share = cost / max(record.cpu_seconds - cost, 1e-9)
    return (
        "Affinity of one problem to another: by which part of it the other's loss gets lower "
        "after an update on the first alone (arXiv 2109.04617). The update is that of the run's "
        f"optimizer, the loss that of {HELD_EXAMPLES} held dev examples, and the model is put "
        f"back after each. Means over {number} measurements of one run, with their standard "
        f"error. Measuring took {cost:.0f} CPU seconds, {share:.0%} of the rest of the run."
    )


def _every(record: Record) -> int:
    return max(1, record.parsed.train.affinity_steps)


def _table(problems: list[str], values_SPP: np.ndarray) -> Table:
    mean_PP = values_SPP.mean(axis=0)
    number = len(values_SPP)
    spread_PP = values_SPP.std(axis=0, ddof=1) if number > 1 else np.full_like(mean_PP, np.nan)
    error_PP = spread_PP / np.sqrt(number)
    rows = [
        (f"a step on {name}", *map(_cell, means, errors))
        for name, means, errors in zip(problems, mean_PP, error_PP, strict=True)
    ]
    return Table(("", *(f"loss of {name}" for name in problems)), rows)


def _cell(mean: float, error: float) -> str:
    return f"{mean:+.3%}" if np.isnan(error) else f"{mean:+.3%} ±{error:.3%}"


def _map(problems: list[str], mean_PP: np.ndarray) -> Figure:
    """A map without the diagonal, which would drown the rest."""
    others_PP = np.where(np.eye(len(problems), dtype=bool), np.nan, mean_PP)
    title = "mean affinity of rows to columns, in %"
    names = [f"{number} {name}" for number, name in enumerate(problems)]
    map_ = HeatMap(title, 100 * others_PP, "loss of problem number", "a step on", names)
    return Figure(Media("image/png", draw_heat([map_], signed=True), title))


def _course(problems: list[str], history: History) -> Figure:
    """For each problem how the steps on the others changed its loss, over the run."""
    panels = []
    for place, problem in enumerate(problems):
        curves = {
            f"a step on {other}": [
                (step, 100 * value[place]) for step, value in history.curves[f"{PREFIX}{other}"]
            ]
            for other in problems
            if other != problem
        }
        if curves:
            panels.append(Panel(f"affinity to {problem}, in %", curves, {"none": 0.0}))
    words = "affinity to each problem over the steps"
    return Figure(Media("image/png", draw(panels, history.last_step), words))
