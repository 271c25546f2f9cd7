"""A linear map of channels: what the paper calls a pointwise convolution."""

from __future__ import annotations

from typing import Any

import keras

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.types import Tensor


class Linear(Block):
    """x W, plus a bias if asked.

    Args:
        channels: of x.
        filters: of the result.
        use_bias: adds a bias that starts at 0.
        scale: factor on the initial standard deviation, (2 / (channels + filters)) ** 0.5.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        *,
        use_bias: bool = False,
        scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters = channels, filters
        self.use_bias, self.scale = use_bias, scale

    def make_weights(self) -> None:
        initializer = keras.initializers.VarianceScaling(
            scale=self.scale**2, mode="fan_avg", distribution="uniform"
        )
        self.kernel = self.add_weight(
            shape=(self.channels, self.filters), initializer=initializer, name="kernel"
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        """[..., channels] to [..., filters]"""
        y = fast.linear(x, self.kernel)
        return y + self.bias if self.use_bias else y
