"""LayerTest and ModalityTest tell what a broken layer breaks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import OCTET
from keras import ops

from t2t_multimodel import Embedded, Modality, Signature
from t2t_multimodel.layers.base import Block
from t2t_multimodel.testing import LayerTest, ModalityTest
from t2t_multimodel.testing.layer_test import padding_mask


class Mean(Block):
    """Scales x, and adds its mean over all positions, real or not; one weight is never used."""

    def make_weights(self) -> None:
        self.scale = self.add_weight(shape=(4,), initializer="random_normal", name="scale")
        self.lost = self.add_weight(shape=(1,), initializer="zeros", name="lost")

    def call(self, x: Any, mask_BL: Any) -> Any:
        return x * self.scale + ops.mean(x, axis=1, keepdims=True)


class OfMean(LayerTest):
    mask = "mask_BL"

    def make(self) -> Mean:
        return Mean(name="mean")

    def inputs(self) -> dict[str, Any]:
        x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
        return {"x": x, "mask_BL": padding_mask(2, 5)}


def test_a_weight_that_nothing_depends_on_is_named() -> None:
    with pytest.raises(AssertionError, match=r"^nothing depends on mean/lost"):
        OfMean().test_every_weight_has_a_gradient()


def test_padding_that_has_an_influence_is_told() -> None:
    with pytest.raises(AssertionError, match="other values at padding: the outputs differ"):
        OfMean().test_padding_has_no_influence()


def test_what_a_layer_does_not_claim_is_not_asked() -> None:
    of = OfMean()
    of.mask = ""  # type: ignore[misc]
    of.test_padding_has_no_influence()
    of.test_its_config_makes_it_again()


class TestADenseLayerOfKeras(LayerTest):
    """A layer of Keras keeps it all, its config included."""

    def make(self) -> keras.layers.Layer:
        return keras.layers.Dense(3, name="dense")

    def inputs(self) -> dict[str, Any]:
        return {"inputs": np.random.default_rng(0).normal(size=(2, 4)).astype("float32")}


class Leaking(Modality):
    """Numbers of a row; padding is not masked."""

    def make_weights(self) -> None:
        self.into = self.add_weight(shape=(3, self.config.hidden_size), name="into")

    def embed(self, values: Any, lengths_B: Any, mode: Any = None) -> Embedded:
        length = values.shape[1]
        mask_BL = ops.cast(ops.arange(length)[None] < lengths_B[:, None], "float32")
        return Embedded(ops.matmul(values, self.into) + 1.0, mask_BL, (length, 1))


class OfLeaking(ModalityTest):
    net, config = Leaking, OCTET
    signature = Signature("rows", "rows/3", 0, (None, 3), 30, "float32")


def test_a_net_that_leaves_something_at_padding_is_told() -> None:
    of = OfLeaking()
    of.test_values_reach_the_bodys_channels()
    of.test_every_weight_has_a_gradient()
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        of.test_padding_is_zero_and_has_no_influence()
    of.test_the_loss_of_targets_is_finite()  # it has no way out
