"""Routing in a report: shares at the end, idle experts, evenness."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.report.history import History
from t2t_multimodel.report.page import Figure, Table
from t2t_multimodel.report.routing import routed, routing_section


def history(*shares: list[float]) -> History:
    return History({"a/train/share_encoder": [(10 * i, share) for i, share in enumerate(shares)]})


def test_the_share_at_the_end_is_a_mean_over_the_last_tenth() -> None:
    shares = [[1.0, 0.0]] * 18 + [[0.0, 1.0], [0.5, 0.5]]
    (one,) = routed(history(*shares), ["a", "b"])
    assert (one.problem, one.layer, one.steps[-1]) == ("a", "encoder", 190)
    assert np.array_equal(one.at_the_end_E, [0.25, 0.75])


def test_idle_experts_are_counted() -> None:
    section = routing_section(history([0.5, 0.45, 0.03, 0.02]), ["a"])
    table = next(block for block in section.blocks if isinstance(block, Table))
    (row,) = table.rows
    assert row == ("a", "encoder", "0", "50.0%", "25.0%", "1 of 4", "0.642")


def test_a_problem_that_reaches_fewer_layers_is_drawn_as_well() -> None:
    curves = history([0.5, 0.5]).curves
    curves["b/train/share_encoder"] = curves["b/train/share_decoder"] = [(1, [1.0, 0.0])]
    figures = [
        block.picture.words
        for block in routing_section(History(curves), ["a", "b", "c"]).blocks
        if isinstance(block, Figure)
    ]
    assert figures == [
        "share of each expert, by problem",
        "a: share of each expert over the steps",
        "b: share of each expert over the steps",
    ]
