"""Variables that are updated together on TensorFlow, by functions that are compiled once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import tensorflow as tf

from t2t_multimodel.engines.micro_batch import Gradients

Move = Callable[[Gradients, tf.Tensor, tf.Tensor], None]
"""Moves variables: index -> gradient, the learning rate, the number of the step from 1."""


class VariableGroup:
    """Variables whose gradients always come together.

    Each of its functions is traced when it is first used. `compile` traces ahead those that the
    steps of a run use, since tracing is most of the start of a run.

    Args:
        indices: of the variables.
        shapes: of all variables of the model.
        move: is traced with the gradients of the group.
        note_trace: is called when a function is traced.
    """

    def __init__(
        self,
        indices: tuple[int, ...],
        shapes: list[tf.TensorShape],
        move: Move,
        note_trace: Callable[[], None],
    ) -> None:
        self.indices, self._move, self._note_trace = indices, move, note_trace
        self._types = [tf.TensorSpec(shapes[index], tf.float32) for index in indices]
        self._scalar = tf.TensorSpec((), tf.float32)

    def compile(self, micro_batches: int, clips: bool) -> None:
        """Traces what steps of so many micro-batches use, with clipping or without.

        The sum of one micro-batch alone may be its own mean, which needs no scaling.
        """
        used = ["squares", "add" if micro_batches > 1 else "update"]
        if micro_batches > 1 or clips:
            used.append("update_scaled")
        for name in used:
            getattr(self, name)

    @cached_property
    def add(self) -> Callable[..., list[tf.Tensor]]:
        """Two sums -> their sum."""

        def add(a: list[tf.Tensor], b: list[tf.Tensor]) -> list[tf.Tensor]:
            return [one + other for one, other in zip(a, b, strict=True)]

        return self._compiled(add, self._types, self._types)

    @cached_property
    def squares(self) -> Callable[..., tf.Tensor]:
        """A sum -> the sum of the squares of its values."""

        def squares(sums: list[tf.Tensor]) -> tf.Tensor:
            return 2.0 * tf.add_n([tf.nn.l2_loss(one) for one in sums])  # no squares in memory

        return self._compiled(squares, self._types)

    @cached_property
    def update(self) -> Callable[..., None]:
        """A sum, the learning rate and the number of the step: moves the variables."""

        def update(sums: list[tf.Tensor], rate: tf.Tensor, count: tf.Tensor) -> None:
            self._move(dict(zip(self.indices, sums, strict=True)), rate, count)

        return self._compiled(update, self._types, self._scalar, self._scalar)

    @cached_property
    def update_scaled(self) -> Callable[..., None]:
        """A sum, its factor, the learning rate and the number of the step: the same."""

        def update_scaled(
            sums: list[tf.Tensor], scale: tf.Tensor, rate: tf.Tensor, count: tf.Tensor
        ) -> None:
            scaled = {i: one * scale for i, one in zip(self.indices, sums, strict=True)}
            self._move(scaled, rate, count)

        return self._compiled(update_scaled, self._types, *[self._scalar] * 3)

    def _compiled(self, function: Callable[..., Any], *types: Any) -> Callable[..., Any]:
        self._note_trace()
        return tf.function(function, autograph=False).get_concrete_function(*types)

    def in_(self, part: Gradients) -> bool:
        """Whether a micro-batch touched the group."""
        return self.indices[0] in part


Sums = dict[VariableGroup, list[tf.Tensor]]
"""Gradients of groups, summed over micro-batches."""
