"""Gradients of a layer's weights, on the backend in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def gradients(layer: keras.layers.Layer, loss: Callable[[], Any]) -> dict[str, np.ndarray | None]:
    """The gradient of a scalar for each trainable weight.

    Args:
        layer: built.
        loss: makes the scalar from the weights as they are when it is called.

    Returns:
        Path of the weight -> its gradient; None where the scalar does not depend on it.
    """
    variables = list(layer.trainable_variables)
    by_jax = keras.backend.backend() == "jax"
    found = _by_jax(variables, loss) if by_jax else _by_tensorflow(variables, loss)
    return {one.path: grad for one, grad in zip(variables, found, strict=True)}


def _by_tensorflow(variables: list[Any], loss: Callable[[], Any]) -> list[np.ndarray | None]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    found = tape.gradient(value, [variable.value for variable in variables])
    return [None if one is None else np.asarray(tf.convert_to_tensor(one)) for one in found]


def _by_jax(variables: list[Any], loss: Callable[[], Any]) -> list[np.ndarray | None]:
    import jax

    def of_values(values: list[Any]) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return loss()

    found = jax.grad(of_values)([variable.value for variable in variables])
    return [np.asarray(one) for one in found]
