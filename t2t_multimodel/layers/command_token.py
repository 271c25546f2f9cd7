"""The token that tells the decoder which kind of output is wanted."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from t2t_multimodel.layers.base import Block
from t2t_multimodel.types import Tensor


class CommandToken(Block):
    """The learned first target of one output space, such as to-English (paper, section 2.4).

    Args:
        channels: D.
        routes: whether there is an embedding for the routers beside it, which starts at 0.
    """

    def __init__(self, channels: int, *, routes: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels, self.routes = channels, routes

    def make_weights(self) -> None:
        shape = (self.channels,)
        unit = keras.initializers.RandomNormal(stddev=1.0)
        self.token = self.add_weight(shape=shape, initializer=unit, name="token")
        self.task = (
            self.add_weight(shape=shape, initializer="zeros", name="task") if self.routes else None
        )

    def call(self, targets_BTD: Tensor) -> Tensor:
        """Puts the token in front and drops the last target."""
        batch = ops.shape(targets_BTD)[0]
        token = ops.cast(self.token, targets_BTD.dtype)
        first = ops.broadcast_to(token, (batch, 1, self.channels))
        return ops.concatenate([first, targets_BTD[:, :-1]], axis=1)
