"""Which rows a process reads."""

from __future__ import annotations

import pytest

from t2t_multimodel.data.row_share import RowShare


@pytest.mark.parametrize(
    ("rows", "filled", "first", "second"),
    [
        (8, 8, range(4), range(4, 8)),
        (5, 8, range(4), range(4, 8)),
        (1, 4, range(2), range(2, 4)),
    ],
)
def test_neighbouring_slots_get_neighbouring_rows(
    rows: int, filled: int, first: range, second: range
) -> None:
    assert RowShare(0, 2, 4).filled(rows) == filled
    assert RowShare(0, 2, 4).own(rows) == first
    assert RowShare(2, 4, 4).own(rows) == second


def test_one_process_has_all_rows() -> None:
    assert RowShare(0, 3, 3).own(4) == range(6)
