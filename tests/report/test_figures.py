"""Drawings: sizes, and the mean that is drawn over many points."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from t2t_multimodel.report.figures import HeatMap, Panel, draw, draw_heat, running_mean


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


def test_a_running_mean_looks_back() -> None:
    assert running_mean(np.array([1.0, 3.0, 5.0, 7.0]), 1).tolist() == [1, 2, 4, 6]
    assert running_mean(np.array([1.0, 3.0]), 5).tolist() == [1, 2]
