"""The contract of a feature of one's own: its defaults, and the errors that name what lacks."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pytest

from t2t_multimodel import ClassLabel, Feature, Image, Problem, Signature, Text, UserError
from t2t_multimodel.decode.inputs import InputEncoder
from t2t_multimodel.features import Argument, Shown


@dataclasses.dataclass(frozen=True)
class Point(Feature):
    """Two numbers, with what every feature must define and nothing else."""

    dtype: ClassVar[np.dtype] = np.dtype(np.float32)

    def signature(self, problem: str, tokenizer: Any) -> Signature:
        return Signature("point", "point", 0, (2,), 1, "float32")

    def encode(self, value: Any, tokenizer: Any) -> np.ndarray:
        return np.asarray(value, np.float32)

    def decode(self, array: np.ndarray, tokenizer: Any) -> list[float]:
        return array.tolist()

    def length(self, array: np.ndarray) -> int:
        return 1

    def stored_shape(self) -> tuple[int, ...]:
        return (2,)


ARRAY = np.array([1.5, -2.0], np.float32)


def test_what_is_not_defined_has_a_default() -> None:
    point = Point()
    assert (point.medium, point.hint, point.unit, point.varies) == ("text", "", None, False)
    assert point.words(ARRAY, None) == "[1.5, -2.0]"
    assert point.shown(ARRAY, None) == Shown("[1.5, -2.0]", "text/plain", b"")
    assert point.pieces(ARRAY, None) is None
    assert point.metric_target(ARRAY, None) == [1.5, -2.0]
    assert point.metric_output(ARRAY[None], None) == [1.5, -2.0]
    assert point.output_words([1.5, -2.0]) == "[1.5, -2.0]"
    assert point.simple([1.5, -2.0]) is None
    assert point.texts([1.5, -2.0]) == []


def test_a_class_without_a_method_that_every_feature_has_is_refused() -> None:
    class Nothing(Feature):
        pass

    with pytest.raises(UserError) as caught:
        Nothing()
    assert str(caught.value) == (
        "Nothing lacks `decode(self, array, tokenizer)`, which every Feature has."
    )


class Points(Problem):
    name = "points"
    inputs = targets = Point()


def test_lines_are_read_by_features_that_parse_them_alone() -> None:
    with pytest.raises(UserError) as caught:
        InputEncoder(Points(), {})
    assert str(caught.value) == (
        "Point lacks `parse(self, given)`, so that mm-decode and mm-serve can read its values."
    )


def test_an_export_takes_arrays_and_gives_values_by_default() -> None:
    tf = pytest.importorskip("tensorflow")
    point = Point()
    signature = point.signature("points", None)
    words = "float32 [B, 2], as Point.model_input gives them"
    assert point.graph_arguments(signature) == {"inputs": Argument("float32", (2,), words)}
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    values, lengths, missing = point.graph_read({"inputs": rows}, None, signature)
    assert (values is rows, lengths.numpy().tolist(), missing) == (True, [1, 1, 1], None)
    assert point.graph_write(rows, None, signature) is rows


def test_an_export_of_sequences_takes_their_lengths() -> None:
    signature = Signature("point", "points", 0, (None, 2), 9, "float32")
    assert Point().graph_arguments(signature) == {
        "inputs": Argument(
            "float32", (None, 2), "float32 [B, L, 2], as Point.model_input gives them"
        ),
        "inputs_length": Argument("int32", (), "int32 [B], length of each row"),
    }


def test_tokens_and_classes_must_say_how_they_are_written() -> None:
    with pytest.raises(UserError) as caught:
        Point().graph_write(None, None, ClassLabel(3).signature("points", None))
    assert str(caught.value) == (
        "Point lacks `graph_write(self, outputs_R, tokenizer, signature)`, "
        "so that mm-export can write its values."
    )


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros(2), "float64 [2]"),
        (np.zeros(3, np.float32), "float32 [3]"),
        (np.zeros((2, 2), np.float32), "float32 [2, 2]"),
    ],
)
def test_records_hold_what_the_feature_says_that_they_hold(array: np.ndarray, told: str) -> None:
    with pytest.raises(UserError) as caught:
        Point().check_stored(array)
    assert str(caught.value) == (
        f"Point.encode gave {told}, but its dtype is float32 and its stored_shape() [2]."
    )
    with pytest.raises(UserError, match=r"^Point\.encode gave list, which is no array\.$"):
        Point().check_stored(list(ARRAY))
    Point().check_stored(ARRAY)


def test_a_unit_is_one_of_those_that_batches_have_budgets_for() -> None:
    class Notes(Point):
        unit: Any = "notes"

    class Song(Problem):
        name = "song"
        inputs, targets = Notes(), ClassLabel(2)

    with pytest.raises(UserError) as caught:
        Song().check_declared()
    assert str(caught.value) == (
        "Problem 'song': Notes.unit is 'notes', but batches have budgets of tokens, frames, "
        "pixels, or it is None (inputs)."
    )


def test_every_feature_tells_how_its_targets_are_predicted() -> None:
    features: list[Feature] = [Text(), ClassLabel(3), Point(), Image(4, 4)]
    assert [one.output for one in features] == ["tokens", "classes", "values", None]


def test_a_class_is_read_by_its_name_or_its_number() -> None:
    assert ClassLabel(names=("a", "b")).parse("b") == "b"
    assert ClassLabel(3).parse(b"2") == 2
    with pytest.raises(ValueError, match="invalid literal"):
        ClassLabel(3).parse("two")
