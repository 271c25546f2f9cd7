"""Parameters and activations of a model that is never allocated: built and traced symbolically."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np

from t2t_multimodel.config import Config, ModelConfig
from t2t_multimodel.engines.engine import slot_values
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.layers.base import sublayers
from t2t_multimodel.layers.experts import MixtureOfExperts
from t2t_multimodel.layers.hierarchical_gating import HierarchicalGating
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

Shapes = dict[str, tuple[int, ...]]
"""`Shapes` of a micro-batch are those of inputs, inputs_length, targets, targets_length."""
R = TypeVar("R")


@dataclass(frozen=True)
class Footprint:
    """Tells what one problem takes of a model."""

    parameters: int
    """`parameters` counts those of the layers that it runs through."""
    active: int
    """`active` counts those of them that one token meets: k of the experts."""
    activations: int
    """Bytes that the forward pass of a micro-batch keeps for the backward pass, or that it works
    on meanwhile."""


def symbolic(work: Callable[[], R]) -> R:
    """Runs `work` where variables have shapes but no values.

    In a thread of its own: Keras keeps a list of the variables that wait for their values, one
    for each thread, and would give them values when the next scope ends.
    """
    policy = keras.config.dtype_policy()

    def run() -> R:
        keras.config.set_dtype_policy(policy)
        with keras.StatelessScope(initialize_variables=False):
            return work()

    with ThreadPoolExecutor(1, thread_name_prefix="symbolic") as thread:
        return thread.submit(run).result()


def count_parameters(config: ModelConfig, problems: Sequence[ProblemSignature]) -> int:
    """Parameters of a model, counted without making them."""
    return symbolic(lambda: MultiModel(config, problems).count_params())


class Counted(NamedTuple):
    """Values of a model and of its optimizer, and what each problem takes of them."""

    parameters: int
    slots: int
    footprints: dict[str, Footprint]


def footprints(
    config: Config, problems: Sequence[ProblemSignature], shapes: dict[str, Shapes]
) -> Counted:
    """Counts the parameters, the optimizer's slots, and what each problem takes.

    Problems with the same nets are traced once, with the largest micro-batch of them all.

    Args:
        config: of the run.
        problems: of the model.
        shapes: problem -> shapes of its largest micro-batch.
    """
    by_nets: dict[tuple[str, str], list[ProblemSignature]] = {}
    for problem in problems:
        nets = problem.inputs.identity, problem.targets.identity
        by_nets.setdefault(nets, []).append(problem)

    def size(problem: ProblemSignature) -> int:
        return sum(math.prod(shape) for shape in shapes[problem.name].values())

    def work() -> Counted:
        spellings = {  # any spelling costs the same
            problem.targets.identity: np.zeros((problem.targets.size, _PIECE_BYTES), np.uint8)
            for problem in problems
        }
        model = MultiModel(config.model, problems, spellings)
        found: dict[str, Footprint] = {}
        for alike in by_nets.values():
            largest = max(alike, key=size)
            one = _footprint(model, config, largest, shapes[largest.name])
            found |= dict.fromkeys((problem.name for problem in alike), one)
        return Counted(model.count_params(), slot_values(model, config), found)

    return symbolic(work)


def _footprint(
    model: MultiModel, config: Config, problem: ProblemSignature, shapes: Shapes
) -> Footprint:
    reads = _Reads()

    def loss(batch: dict[str, Any], draw: Any) -> Any:
        train = config.train
        return problem_loss(
            model, batch, problem.name, True, StepSeed(draw), label_smoothing=train.label_smoothing
        )[0]

    types = {
        name: (shape, getattr(problem, name).dtype if name in ("inputs", "targets") else "int32")
        for name, shape in shapes.items()
    }
    trace = _trace_jax if keras.backend.backend() == "jax" else _trace_tensorflow
    activations = trace(loss, types, reads)
    read = reads.variables.values()
    idle = 0.0
    for layer in sublayers(model, all_levels=True):
        if isinstance(layer, MixtureOfExperts) and id(layer.kernels[0]) in reads.variables:
            idle += _size(layer.kernels) * (1 - _chosen(layer) / layer.spec.experts)
    return Footprint(_size(read), round(_size(read) - idle), activations)


def _chosen(layer: MixtureOfExperts) -> int:
    """Experts that compute for a token."""
    levels = 2 if isinstance(layer.gating, HierarchicalGating) else 1
    return layer.gating.k**levels


def _size(variables: Iterable[Any]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


class _Reads(keras.StatelessScope):
    """Remembers which variables were read, and puts symbolic values in their place."""

    def __init__(self) -> None:
        super().__init__(initialize_variables=False)
        self.variables: dict[int, Any] = {}
        self.symbol: Callable[[Any], Any] = lambda variable: None

    def get_current_value(self, variable: Any) -> Any:
        if id(variable) not in self.state_mapping:
            self.variables[id(variable)] = variable
            self.state_mapping[id(variable)] = self.symbol(variable)
        return self.state_mapping[id(variable)]


def _trace_jax(loss: Callable[..., Any], types: dict[str, Any], reads: _Reads) -> int:
    """Bytes of the residuals of reverse-mode differentiation, the weights themselves left out."""
    import jax

    def structure(shape: tuple[int, ...], dtype: str) -> Any:
        return jax.ShapeDtypeStruct(shape, dtype)

    batch = {name: structure(*one) for name, one in types.items()}
    draw = structure((), "int32")

    def find(batch: Any, draw: Any) -> Any:
        reads.symbol = lambda variable: jax.numpy.zeros(variable.shape, variable.dtype)
        with reads:
            return loss(batch, draw)

    jax.eval_shape(find, batch, draw)
    variables = list(reads.variables.values())

    def residuals(values: list[Any], batch: Any, draw: Any) -> Any:
        def run(values: list[Any]) -> Any:
            scope = keras.StatelessScope(initialize_variables=False)
            for variable, value in zip(variables, values, strict=True):
                scope.add_update((variable, value))
            with scope:
                return loss(batch, draw)

        return jax.vjp(run, values)[1]

    values = [structure(tuple(v.shape), v.dtype) for v in variables]
    kept = jax.tree_util.tree_leaves(jax.eval_shape(residuals, values, batch, draw))
    size = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in kept)
    weights = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in values)
    return max(0, size - weights)


def _trace_tensorflow(loss: Callable[..., Any], types: dict[str, Any], reads: _Reads) -> int:
    """Bytes of what operations of the forward pass hand to those of the backward pass."""
    import tensorflow as tf

    def symbol(shape: Any, dtype: str) -> Any:
        return tf.raw_ops.Placeholder(dtype=dtype, shape=shape)

    graph = tf.Graph()
    with graph.as_default():
        reads.symbol = lambda variable: symbol(variable.shape, variable.dtype)
        batch = {name: symbol(*one) for name, one in types.items()}
        with reads:
            value = loss(batch, symbol((), "int32"))
        forward = {operation.name for operation in graph.get_operations()}
        tf.gradients(value, list(reads.state_mapping.values()))
    kept = {}
    for operation in graph.get_operations():
        if operation.name not in forward:
            for tensor in operation.inputs:
                if tensor.op.name in forward:
                    origin = _origin(tensor)
                    kept[origin.name] = origin
    return round(_WORKING * sum(_bytes(tensor) for tensor in kept.values()))


_PIECE_BYTES = 16
"""The longest piece of a vocabulary has about so many bytes."""
_WORKING = 1.25
"""The backward pass needs so many times the memory; bench/memory.py measured it."""
_SAME_BUFFER = ("Reshape", "Identity", "ExpandDims", "Squeeze", "StopGradient")
_NOT_COUNTED = ("Placeholder", "Const", "Shape", "StridedSlice", "Pack")
"""Weights, and shapes."""
_FULLEST = 1.5
"""Load of the fullest expert over the mean, as early in training; all have room for so much."""


def _origin(tensor: Any) -> Any:
    """The tensor whose memory this one shares."""
    while tensor.op.type in _SAME_BUFFER:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(tensor: Any) -> float:
    if tensor.op.type in _NOT_COUNTED:
        return 0.0
    shape = tensor.shape.as_list()
    if None not in shape:
        return math.prod(shape) * tensor.dtype.size
    # only the experts' slots have open sizes: [E, slots, F] and [E * slots, F]
    return _FULLEST * _assignments(tensor) * (shape[-1] or 1) * tensor.dtype.size


def _assignments(tensor: Any) -> int:
    """Tokens times experts a token, of the mixture that a tensor belongs to."""
    queue, seen = [tensor.op], set()
    for operation in queue:
        if operation.type == "OneHot" and operation.outputs[0].shape.rank == 2:
            return int(operation.outputs[0].shape[0])
        if operation.name not in seen:
            seen.add(operation.name)
            queue += [one.op for one in operation.inputs]
    return 0
