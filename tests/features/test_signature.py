"""A signature tells how its targets are predicted."""

from __future__ import annotations

import pytest

from t2t_multimodel.features import Signature
from t2t_multimodel.features.signature import loss_name


def signature(shape: tuple[int | None, ...], dtype: str) -> Signature:
    return Signature("mine", "mine/x", 7, shape, 9, dtype)


@pytest.mark.parametrize(
    ("shape", "dtype", "output"),
    [
        ((None,), "int32", "tokens"),
        ((), "int32", "classes"),
        ((), "float32", "values"),
        ((4,), "float32", "values"),
        ((2, 3), "float16", "values"),
        ((None,), "float32", None),
        ((None, 40), "float32", None),
        ((28, 28, 1), "uint8", None),
        ((4,), "int32", None),
    ],
)
def test_shape_and_type_tell_how_targets_are_predicted(
    shape: tuple[int | None, ...], dtype: str, output: str | None
) -> None:
    assert signature(shape, dtype).output == output


def test_a_sequence_has_an_open_first_axis() -> None:
    shapes: list[tuple[int | None, ...]] = [(None,), (None, 40), (), (4,), (28, 28, 1)]
    found = [signature(shape, "int32").is_sequence for shape in shapes]
    assert found == [True, True, False, False, False]


def test_the_loss_is_found_among_all_that_is_logged() -> None:
    assert loss_name(["accuracy", "aux_loss", "tokens", "xent"]) == "xent"
    assert loss_name(["aux_loss", "loss_huber", "share_encoder"]) == "loss_huber"
