"""Sections check themselves and go through JSON and the command line."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.config import Section
from t2t_multimodel.config.base import describe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner(Section):
    size: int = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outer(Section):
    whole: int = 1
    real: float = 0.5
    switch: bool = False
    word: str = "a"
    choice: Literal["x", "y"] = "x"
    pair: tuple[int, int] = (1, 2)
    many: tuple[float, ...] = (0.5,)
    maybe: int | None = None
    inner: Inner = Inner()

    def check(self) -> None:
        self.require(self.whole > 0, "whole", "> 0")


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("whole", "1", "an int"),
        ("whole", 1.0, "an int"),
        ("whole", True, "an int"),
        ("whole", None, "an int"),
        ("real", "0.5", "a number"),
        ("real", False, "a number"),
        ("switch", 1, "true or false"),
        ("word", 1, "a string"),
        ("choice", "z", "one of x, y"),
        ("pair", (1,), "a tuple of 2"),
        ("pair", (1, "2"), "a tuple of 2"),
        ("pair", 1, "a tuple of 2"),
        ("many", ("a",), "a tuple, each a number"),
        ("maybe", "none", "an int or none"),
        ("inner", 3, "a Inner"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(field: str, value: Any, wanted: str) -> None:
    with pytest.raises(UserError) as caught:
        Outer(**{field: value})
    assert str(caught.value) == f"Outer.{field} must be {wanted}, but is {value!r}."


def test_an_int_serves_as_a_float_and_a_list_as_a_tuple() -> None:
    made = Outer(real=2, pair=[3, 4])  # type: ignore[arg-type]
    assert (made.real, type(made.real), made.pair) == (2.0, float, (3, 4))


def test_ranges_are_checked_at_construction_and_in_replace() -> None:
    for make in (lambda: Outer(whole=0), lambda: Outer().replace(whole=0)):
        with pytest.raises(UserError) as caught:
            make()
        assert str(caught.value) == "Outer.whole must be > 0, but is 0."


def test_types_are_checked_before_ranges() -> None:
    with pytest.raises(UserError) as caught:
        Outer(whole="zero")  # type: ignore[arg-type]
    assert str(caught.value) == "Outer.whole must be an int, but is 'zero'."


def test_replace_changes_a_copy() -> None:
    first = Outer()
    second = first.replace(whole=5, word="b")
    assert (first.whole, first.word) == (1, "a")
    assert second == Outer(whole=5, word="b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        second.whole = 6  # type: ignore[misc]


def test_an_unknown_field_is_answered_with_the_nearest() -> None:
    expected = (
        "No field of Outer is named 'wole'. Did you mean 'whole'?\n"
        "Known: choice, inner, many, maybe, pair, real, switch, whole, word."
    )
    for make in (lambda: Outer().replace(wole=1), lambda: Outer.from_dict({"wole": 1})):
        with pytest.raises(UserError) as caught:
            make()
        assert str(caught.value) == expected


def test_a_section_comes_back_from_json() -> None:
    made = Outer(whole=7, choice="y", pair=(3, 4), many=(1.0, 2.0), inner=Inner(size=9))
    values = made.to_dict()
    assert values == {
        "whole": 7,
        "real": 0.5,
        "switch": False,
        "word": "a",
        "choice": "y",
        "pair": [3, 4],
        "many": [1.0, 2.0],
        "maybe": None,
        "inner": {"size": 9},
    }
    assert Outer.from_dict(json.loads(json.dumps(values))) == made


def test_fields_missing_from_json_take_their_defaults() -> None:
    assert Outer.from_dict({"whole": 2, "inner": {}}) == Outer(whole=2)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "an int"),
        (float, "a number"),
        (bool, "true or false"),
        (str, "a string"),
        (int | None, "an int or none"),
        (Literal["a", "b"], "one of a, b"),
        (tuple[int, ...], "a tuple, each an int"),
        (tuple[int, int], "a tuple of 2"),
    ],
)
def test_types_are_described_in_words(annotation: Any, words: str) -> None:
    assert describe(annotation) == words
