"""Layer normalisation (Ba et al. 2016) with Tensor2Tensor's epsilon."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.types import Tensor

EPSILON = 1e-6


class LayerNorm(Block):
    """(x - mean) / sqrt(variance + 1e-6) * scale + bias over the last axis.

    Keras's own layer multiplies before it subtracts the mean, which costs digits where the
    variance is near 0. Statistics are float32 whatever the compute type.

    Args:
        channels: size of the last axis.
        begins_at: initial scale. Small where the norm ends a residual branch
            (`ModelConfig.branch_scale`).
    """

    def __init__(self, channels: int, *, begins_at: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.begins_at = channels, begins_at

    def make_weights(self) -> None:
        begin = keras.initializers.Constant(self.begins_at)
        self.scale = self.add_weight(
            shape=(self.channels,), initializer=begin, name="scale", autocast=False
        )
        self.bias = self.add_weight(
            shape=(self.channels,), initializer="zeros", name="bias", autocast=False
        )

    def call(self, x: Tensor) -> Tensor:
        """[..., channels] to the same shape and type."""
        scale, bias = (ops.cast(w, "float32") for w in (self.scale, self.bias))
        return ops.cast(fast.layer_norm(ops.cast(x, "float32"), scale, bias, EPSILON), x.dtype)
