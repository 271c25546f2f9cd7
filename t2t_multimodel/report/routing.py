"""Shows which experts serve which problem: shares at the end, and how they came to be."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from t2t_multimodel.report.figures import HeatMap, draw_heat
from t2t_multimodel.report.history import History
from t2t_multimodel.report.page import Cell, Figure, Media, PageBlock, PageSection, Paragraph, Table

_AT_THE_END = 0.1
"""Part of the reports, the newest, behind a share at the end."""
_IDLE = 0.1
"""An expert with less than this part of an even share counts as idle."""


class Routed(NamedTuple):
    """Holds what one layer of experts did for one problem."""

    problem: str
    layer: str
    steps: list[int]
    shares_SE: np.ndarray
    """[reports, experts]: each row sums to 1."""

    @property
    def at_the_end_E(self) -> np.ndarray:
        """Mean share of each expert over the newest reports."""
        return self.shares_SE[-max(1, int(_AT_THE_END * len(self.shares_SE))) :].mean(axis=0)


def routed(history: History, problems: list[str]) -> list[Routed]:
    """Collects the shares of every problem and layer that was logged."""
    found = []
    for problem in problems:
        for layer, curve in history.under(f"{problem}/train/share_").items():
            steps = [step for step, _ in curve]
            found.append(Routed(problem, layer, steps, np.array([share for _, share in curve])))
    return found


def routing_section(history: History, problems: list[str]) -> PageSection:
    """Shares of the experts by problem and layer."""
    found = routed(history, problems)
    if not found:
        return PageSection("Routing", [Paragraph("No layer of this run routes to experts.")])
    columns = ("problem", "layer", "busiest expert", "its share", "even share")
    table = Table((*columns, "idle experts", "evenness"), [_row(one) for one in found])
    words = (
        "Shares are means over the last tenth of the reports. Idle: less than a tenth of an even "
        "share. Evenness: entropy of the shares over its maximum, 1 when all get the same."
    )
    blocks: list[PageBlock] = [Paragraph(words), table, _by_problem(found)]
    for problem in dict.fromkeys(one.problem for one in found):
        blocks.append(_over_time([one for one in found if one.problem == problem]))
    return PageSection("Routing", blocks)


def _row(one: Routed) -> tuple[Cell, ...]:
    share_E = one.at_the_end_E
    experts = len(share_E)
    live = share_E[share_E > 0]
    entropy = float(np.sum(live * np.log(1 / live)))
    return (
        one.problem,
        one.layer,
        str(int(share_E.argmax())),
        f"{share_E.max():.1%}",
        f"{1 / experts:.1%}",
        f"{int((share_E < _IDLE / experts).sum())} of {experts}",
        f"{entropy / math.log(experts):.3f}" if experts > 1 else "-",
    )


def _by_problem(found: list[Routed]) -> Figure:
    """Draws for each layer a map of problems and experts at the end."""
    maps = []
    for layer in dict.fromkeys(one.layer for one in found):
        rows = [one for one in found if one.layer == layer]
        values = np.stack([one.at_the_end_E for one in rows])
        title = f"{layer}: share of each expert at the end"
        names = [one.problem for one in rows]
        maps.append(HeatMap(title, values, "expert", "", names))
    return Figure(Media("image/png", draw_heat(maps), "share of each expert, by problem"))


def _over_time(layers: list[Routed]) -> Figure:
    """Draws for each layer of one problem a map of experts and steps."""
    maps = [
        HeatMap(
            f"{one.problem}: {one.layer}",
            one.shares_SE.T,
            "step",
            "expert",
            x_range=(0, max(1, one.steps[-1])),
        )
        for one in layers
    ]
    words = f"{layers[0].problem}: share of each expert over the steps"
    return Figure(Media("image/png", draw_heat(maps), words))
