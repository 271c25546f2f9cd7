"""Class labels: numbers and names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from t2t_multimodel import ClassLabel, UserError
from t2t_multimodel.features import BadValue, Signature

BIRDS = ClassLabel(names=("owl", "hawk", "wren"))


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2), "wren"])
def test_a_class_is_given_by_number_or_name(value: Any) -> None:
    array = BIRDS.encode(value, None)
    assert (array.tolist(), array.dtype) == ([2], np.int32)


def test_a_person_reads_the_name_or_without_names_the_number() -> None:
    assert BIRDS.decode(np.array(1), None) == "hawk"
    assert BIRDS.decode(np.array([1]), None) == "hawk"
    assert ClassLabel(3).decode(np.array(1), None) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (3, "label 3 is out of range 0 to 2"),
        (-1, "label -1 is out of range 0 to 2"),
        ("eagle", "label 'eagle' is none of the 3 class names"),
        (1.0, "label must be an int or a class name, but is 1.0"),
        (True, "label must be an int or a class name, but is True"),
        (None, "label must be an int or a class name, but is None"),
    ],
)
def test_what_is_no_class_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        BIRDS.encode(value, None)
    assert str(caught.value) == reason


def test_a_text_for_classes_without_names_is_told() -> None:
    with pytest.raises(BadValue) as caught:
        ClassLabel(2).encode("1", None)
    assert str(caught.value) == "label '1' is a text, but the 2 classes have no names"


@pytest.mark.parametrize(
    ("arguments", "n", "names"),
    [
        ({}, None, 0),
        ({"n": 1}, 1, 0),
        ({"names": ("a",)}, None, 1),
        ({"n": 3, "names": ("a", "b")}, 3, 2),
    ],
)
def test_a_declaration_needs_two_classes_and_a_name_for_each_or_none(
    arguments: dict[str, Any], n: int | None, names: int
) -> None:
    with pytest.raises(UserError) as caught:
        ClassLabel(**arguments)
    assert str(caught.value) == (
        f"ClassLabel takes n >= 2 or one name for each class, but got n={n} and {names} names."
    )


def test_label_sets_of_two_problems_are_two_nets_whatever_their_size() -> None:
    assert ClassLabel(3).signature("mine", None) == (
        Signature("class_label", "class_label/mine", 3, (), 1, "int32")
    )
    assert ClassLabel(3).signature("other", None).identity == "class_label/other"


def test_a_label_has_length_one_and_no_budget() -> None:
    assert (BIRDS.length(np.array([2])), BIRDS.unit, BIRDS.stored_shape()) == (1, None, ())
    assert BIRDS.describe() == "ClassLabel(3)"
