"""Odd records of a list are kept apart, and told."""

from __future__ import annotations

import pytest

from t2t_multimodel import BadValue
from t2t_multimodel.problems.formats.records import Records


def test_sound_records_are_read_and_the_others_told() -> None:
    records = Records("row")
    assert list(records.each(["1", "x", None, "4"], int)) == [1, 4]
    assert [(name, str(why)) for name, why in records.left_out()] == [
        ("row 1", "invalid literal for int() with base 10: 'x'"),
        (
            "row 2",
            "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        ),
    ]


def test_a_list_without_a_sound_record_is_something_else() -> None:
    with pytest.raises(BadValue, match="^invalid literal for int.. with base 10: 'x'$"):
        list(Records("row").each(["x", "y"], int))


def test_an_empty_list_has_no_odd_records() -> None:
    records = Records("row")
    assert list(records.each([], int)) == []
    assert list(records.left_out()) == []
