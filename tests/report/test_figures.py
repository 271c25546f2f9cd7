"""Drawings: sizes, and the mean that is drawn over many points."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from t2t_multimodel.report.figures import (
    HeatMap,
    Panel,
    Span,
    draw,
    draw_heat,
    draw_spans,
    running_mean,
)


def size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        return picture.size


def test_three_panels_stand_in_a_row() -> None:
    panel = Panel("loss", {"train": [(1, 2.0), (2, 1.0)]}, {"baseline": 1.5})
    wide, high = size(draw([panel], 2))
    assert (wide, high) == (408, 300)
    assert size(draw([panel] * 3, 2)) == (3 * wide, high)
    assert size(draw([panel] * 4, 2)) == (3 * wide, 2 * high)


def test_many_points_and_values_that_are_no_numbers_are_drawn() -> None:
    curve = [(step, 1.0 / step if step != 50 else float("nan")) for step in range(1, 200)]
    assert size(draw([Panel("loss", {"train": curve}, log=True)], 199)) == (408, 300)


def test_a_map_grows_with_its_rows() -> None:
    def high(rows: int) -> int:
        names = [f"problem {i}" for i in range(rows)]
        return size(draw_heat([HeatMap("t", np.eye(rows), "x", "y", names)]))[1]

    assert high(4) < high(20)


def colours(png: bytes, column: float) -> set[tuple[int, ...]]:
    """The colours of a column of pixels, at a part of the width."""
    with Image.open(io.BytesIO(png)) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    return set(map(tuple, pixels[:, int(column * pixels.shape[1])].tolist()))


def test_a_map_of_both_signs_is_white_at_0_and_leaves_out_what_is_not_known() -> None:
    values = np.array([[np.nan, -1.0], [0.0, 1.0]])
    signed = draw_heat([HeatMap("t", values, "x", "y")], signed=True)
    left, right = colours(signed, 0.3), colours(signed, 0.6)
    red, blue = (103, 0, 31), (5, 48, 97)  # the ends of the scale
    assert {red, blue} <= right
    assert not {red, blue} & left


def test_intervals_stand_below_each_other_in_the_colour_of_their_side() -> None:
    better, worse = Span("better", 2.0, 1.0, 3.0), Span("worse", -2.0, -3.0, -1.0)
    unsure = Span("unsure", 0.5, -1.0, 2.0)
    one, three = (draw_spans(spans, "%") for spans in ([better], [better, worse, unsure]))
    assert size(three)[1] > size(one)[1]
    with Image.open(io.BytesIO(three)) as picture:
        found = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {(31, 111, 180), (209, 84, 31), (119, 119, 119)} <= found


def test_a_running_mean_looks_back() -> None:
    assert running_mean(np.array([1.0, 3.0, 5.0, 7.0]), 1).tolist() == [1, 2, 4, 6]
    assert running_mean(np.array([1.0, 3.0]), 5).tolist() == [1, 2]
