"""Compilation on the backend in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from t2t_multimodel.features import ProblemSignature


def compile_for(problem: ProblemSignature, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Compiles a function of one problem's batch.

    On TensorFlow it is traced once, whatever the lengths; on JAX once for each shape.

    Args:
        problem: whose batches it takes.
        function: batch (dict of tensors) -> tensors.
    """
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    # Nothing in the model branches on tensors in Python, so autograph would only cost time. The
    # concrete function cannot retrace, and is not suspected of it when several problems have one.
    return tf.function(function, autograph=False).get_concrete_function(batch_spec(problem))


def batch_spec(problem: ProblemSignature) -> dict[str, Any]:
    """TensorFlow types and open shapes of a problem's batch."""
    import tensorflow as tf

    spec = {}
    for name in ("inputs", "targets"):
        signature = getattr(problem, name)
        spec[name] = tf.TensorSpec((None, *signature.shape), signature.dtype)
        spec[f"{name}_length"] = tf.TensorSpec((None,), tf.int32)
    return spec
