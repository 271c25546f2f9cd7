"""What must hold of every layer, for the layers that take a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from helpers.small_models import OCTET

from t2t_multimodel.layers.convolution import ConvBlock, ConvStep
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.testing import LayerTest
from t2t_multimodel.testing.layer_test import padding_mask


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


class TestLinear(LayerTest):
    def make(self) -> Linear:
        return Linear(6, 4, use_bias=True, name="linear")

    def inputs(self) -> dict[str, Any]:
        return {"x": values(2, 5, 6)}


class TestLayerNorm(LayerTest):
    def make(self) -> LayerNorm:
        return LayerNorm(6, name="norm")

    def inputs(self) -> dict[str, Any]:
        return {"x": values(2, 5, 6)}


class TestConvStep(LayerTest):
    mask = "mask_BL"

    def make(self) -> ConvStep:
        return ConvStep(6, 8, 3, dilation=2, name="step")

    def inputs(self) -> dict[str, Any]:
        return {"x_BLC": values(3, 9, 6), "mask_BL": padding_mask(3, 9)}


class TestConvBlock(TestConvStep):
    def make(self) -> ConvBlock:  # type: ignore[override]
        kernels, dilations = OCTET.block_kernels, OCTET.block_dilations
        return ConvBlock(6, kernels, dilations, branch_scale=0.5, name="block")
