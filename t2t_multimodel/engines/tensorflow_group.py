"""Variables that are updated together on TensorFlow, by functions that are compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from t2t_multimodel.engines.micro_batch import Gradients

Move = Callable[[Gradients, tf.Tensor, tf.Tensor], None]
"""Moves variables: index -> gradient, the learning rate, the number of the step from 1."""


class VariableGroup:
    """Variables whose gradients always come together.

    Args:
        indices: of the variables.
        shapes: of all variables of the model.
        move: is traced with the gradients of the group.
    """

    def __init__(self, indices: tuple[int, ...], shapes: list[tf.TensorShape], move: Move) -> None:
        self.indices = indices
        self.traces = 0
        sums = [tf.TensorSpec(shapes[index], tf.float32) for index in indices]
        scalar = tf.TensorSpec((), tf.float32)

        def add(a: list[tf.Tensor], b: list[tf.Tensor]) -> list[tf.Tensor]:
            self.traces += 1
            return [one + other for one, other in zip(a, b, strict=True)]

        def squares(sums: list[tf.Tensor]) -> tf.Tensor:
            self.traces += 1
            return 2.0 * tf.add_n([tf.nn.l2_loss(one) for one in sums])  # no squares in memory

        def update(sums: list[tf.Tensor], rate: tf.Tensor, count: tf.Tensor) -> None:
            self.traces += 1
            move(dict(zip(indices, sums, strict=True)), rate, count)

        def update_scaled(
            sums: list[tf.Tensor], scale: tf.Tensor, rate: tf.Tensor, count: tf.Tensor
        ) -> None:
            self.traces += 1
            move({i: one * scale for i, one in zip(indices, sums, strict=True)}, rate, count)

        def compiled(function: Callable[..., Any], *types: Any) -> Any:
            return tf.function(function, autograph=False).get_concrete_function(*types)

        self.add = compiled(add, sums, sums)
        self.squares = compiled(squares, sums)
        self.update = compiled(update, sums, scalar, scalar)
        self.update_scaled = compiled(update_scaled, sums, scalar, scalar, scalar)

    def in_(self, part: Gradients) -> bool:
        """Whether a micro-batch touched the group."""
        return self.indices[0] in part


Sums = dict[VariableGroup, list[tf.Tensor]]
"""Gradients of groups, summed over micro-batches."""
