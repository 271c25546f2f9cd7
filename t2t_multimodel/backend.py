"""Compilation and memory on the backend in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from t2t_multimodel import free_memory as host
from t2t_multimodel.features import ProblemSignature


def compile_for(
    model: keras.Model, problem: ProblemSignature, function: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """Compiles a function of one problem's batch, see `compiled`.

    Args:
        model: whose variables it reads.
        problem: whose batches it takes.
        function: batch (dict of tensors) -> tensors.
    """
    if keras.backend.backend() == "jax":
        return _compiled_by_jax(model, function)
    return _compiled_by_tensorflow(function, batch_spec(problem))


def compiled(
    model: keras.Model, function: Callable[..., Any], *specs: Any, jit: bool = False
) -> Callable[..., Any]:
    """Compiles a function of tensors, with `jit` of tensors that are arguments of their own.

    On TensorFlow it is traced once, whatever the open sizes; with `jit` XLA compiles it for each
    size. On JAX XLA always does. Either way it reads the variables as they are when it is called.

    Args:
        model: whose variables it reads.
        function: what is compiled.
        specs: of its arguments: nested `keras.KerasTensor`, None where a size is open.
    """
    if keras.backend.backend() == "jax":
        return _compiled_by_jax(model, function)
    if jit:
        return _compiled_by_xla(function)
    import tensorflow as tf

    def tensor_spec(spec: keras.KerasTensor) -> Any:
        return tf.TensorSpec(spec.shape, spec.dtype)

    return _compiled_by_tensorflow(function, *keras.tree.map_structure(tensor_spec, specs))


def batch_spec(problem: ProblemSignature) -> dict[str, Any]:
    """TensorFlow types and open shapes of a problem's batch."""
    import tensorflow as tf

    spec = {}
    for name in ("inputs", "targets"):
        signature = getattr(problem, name)
        spec[name] = tf.TensorSpec((None, *signature.shape), signature.dtype)
        spec[f"{name}_length"] = tf.TensorSpec((None,), tf.int32)
    return spec


def host_copy(value: Any) -> np.ndarray:
    """A copy of a tensor that later updates, which work in place, cannot reach.

    Where several processes share a mesh of JAX, all of them must call it: each sends its part.
    """
    if keras.backend.backend() == "jax":
        if not (value.is_fully_addressable or value.is_fully_replicated):
            from jax.experimental import multihost_utils

            return np.array(multihost_utils.process_allgather(value, tiled=True))
    return np.array(keras.ops.convert_to_numpy(value))


def free_memory() -> int | None:
    """Bytes that may still be taken where the model computes; None where that is not known.

    TensorFlow does not tell it of a GPU.
    """
    if keras.backend.backend() == "jax":
        import jax

        stats = jax.local_devices()[0].memory_stats() or {}
        if "bytes_limit" in stats:
            return int(stats["bytes_limit"] - stats.get("bytes_in_use", 0))
        on_cpus = jax.default_backend() == "cpu"
    else:
        import tensorflow as tf

        on_cpus = not tf.config.get_visible_devices("GPU")
    return host.free_memory() if on_cpus else None


def _compiled_by_jax(model: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    import jax

    variables = list(model.variables)
    mesh = keras.distribution.distribution()
    everywhere = None  # on a mesh: where every process can read what comes out
    if mesh is not None:
        layout = mesh.device_mesh.backend_mesh
        everywhere = jax.sharding.NamedSharding(layout, jax.sharding.PartitionSpec())

    def run(values: list[Any], arguments: tuple[Any, ...]) -> Any:
        # variables that are not arguments would be constants with the values of the first call
        state = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=state):
            return function(*arguments)

    compiled = jax.jit(run, out_shardings=everywhere)
    return lambda *arguments: compiled([variable.value for variable in variables], arguments)


def _compiled_by_tensorflow(function: Callable[..., Any], *specs: Any) -> Callable[..., Any]:
    import tensorflow as tf

    # Nothing in the model branches on tensors in Python, so autograph would only cost time. The
    # concrete function cannot retrace, and is not suspected of it when several problems have one.
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def _compiled_by_xla(function: Callable[..., Any]) -> Callable[..., Any]:
    import tensorflow as tf

    by_shapes: dict[Any, Callable[..., Any]] = {}

    def run(*arguments: Any) -> Any:
        arguments = tuple(map(tf.convert_to_tensor, arguments))
        shapes = tuple(tuple(argument.shape) for argument in arguments)
        if shapes not in by_shapes:
            types = map(tf.TensorSpec.from_tensor, arguments)
            compiler = tf.function(function, autograph=False, jit_compile=True)
            by_shapes[shapes] = compiler.get_concrete_function(*types)
        return by_shapes[shapes](*arguments)

    return run
