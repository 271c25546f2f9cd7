"""Side files are read through one reader, which names what is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel.side_files import (
    NUMBER,
    Damaged,
    read_json,
    read_lines,
    read_or,
    require,
    shaped,
)


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (
            b"{",
            "it is no JSON (Expecting property name enclosed in double quotes: line 1 column 2 "
            "(char 1))",
        ),
        (b"[]", "it holds a list, not a dict"),
        (b'{"b": 1}', "it lacks a"),
        (b"\0" * 40, "it is no JSON (Expecting value: line 1 column 1 (char 0))"),
        (
            b"[" * 100_000,
            "it is no JSON (maximum recursion depth exceeded while decoding a JSON array from a "
            "unicode string)",
        ),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, how: str) -> None:
    file = tmp_path / "side.json"
    file.write_bytes(content)
    with pytest.raises(Damaged) as caught:
        read_json(file, ("a",))
    assert caught.value.message == f"{file} is damaged: {how}."
    said: list[str] = []
    assert read_or(file, "default", lambda value: value["a"], said.append) == "default"
    assert len(said) == 1 and said[0].startswith(f"{file} is damaged: it ")
    assert said[0].endswith(" It is left out.")


def test_a_whole_file_and_a_missing_one_say_nothing(tmp_path: Path) -> None:
    file, said = tmp_path / "side.json", []
    assert read_or(file, 3, lambda value: value["a"], said.append) == 3
    file.write_text('{"a": 4}')
    assert read_or(file, 3, lambda value: value["a"], said.append) == 4
    assert said == []


def test_lines_that_hold_nothing_are_left_out_and_told(tmp_path: Path) -> None:
    file, said = tmp_path / "scalars.jsonl", []
    good = b'{"step": 1, "x": 2}\n'
    file.write_bytes(good + b"{]\n" + b'{"x": 1}\n' + good + b"\0" * 40)
    lines = list(read_lines(file, ("step",), said.append))
    assert lines == [({"step": 1, "x": 2}, good.decode())] * 2
    assert said == [
        f"{file} is damaged: 3 of its lines hold nothing that was written, the first is line 2. "
        "They are left out."
    ]


def test_a_last_line_that_a_kill_cut_off_is_no_damage(tmp_path: Path) -> None:
    file, said = tmp_path / "scalars.jsonl", []
    assert list(read_lines(file, (), said.append)) == []
    file.write_bytes(b'{"step": 1}\n{"step": 2')
    assert [value for value, _ in read_lines(file, ("step",), said.append)] == [{"step": 1}]
    file.write_bytes(b'{"step": 1}\n{"step": 2}')
    assert [value for value, _ in read_lines(file, ("step",), said.append)] == [{"step": 1}]
    assert said == []


SHAPE = [{"name": str, "scores": {str: NUMBER}, "flag": (bool, None)}]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "it is {}"),
        ([{"name": 3}], "it[0].name is 3"),
        ([{"name": "a", "scores": {"x": "1"}}], 'it[0].scores.x is "1"'),
        ([{"name": "a", "scores": {"x": True}}], "it[0].scores.x is true"),
        ([{"name": "a", "scores": {}}], "it[0] lacks flag"),
        ([{"name": "a", "scores": {}, "flag": 1}], "it[0].flag is 1"),
    ],
)
def test_a_value_of_another_shape_is_named_by_its_place(value: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        require(value, SHAPE)
    assert str(caught.value) == message


def test_a_value_of_the_shape_passes() -> None:
    for flag in (True, None):
        value = [{"name": "a", "scores": {"x": 1, "y": 0.5}, "flag": flag, "more": []}]
        assert shaped(SHAPE)(value) is value
