"""Compiled steps on the backend in use: the one place of training that knows the backend."""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from t2t_multimodel.backend import host_copy
from t2t_multimodel.config import (
    Config,
    DecoupledDecayConfig,
    MeshConfig,
    MirroredConfig,
    OptimizerConfig,
    T2TDecayConfig,
)
from t2t_multimodel.cores import cores
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines.micro_batch import Computed, Gradients, Loads
from t2t_multimodel.engines.muon import moves_by_muon, rate_ratio
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel


class SplitArrays(Protocol):
    """What an engine keeps, as it lies split over devices until the next update.

    A copy of it on one host, as the engine's own methods make, might not fit there.
    """

    def averages(self) -> dict[str, Any]:
        """As `Engine.averages`, on the devices."""

    def state(self) -> dict[str, Any]:
        """As `Engine.state`, on the devices."""

    def checksum(self) -> int:
        """A number that tells other weights or slots apart, computed on the devices."""


class Engine(Protocol):
    """Computes micro-batches, adds up their gradients, and updates the model once a step."""

    traces: int
    """Functions traced so far; on TensorFlow it stands still after the first step."""
    split: SplitArrays | None = None
    """What lies split over devices; None where each device holds the whole model."""

    def compile(self, problem: str) -> None:
        """Traces the problem's function ahead of its first batch."""

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        """Gradients of one micro-batch, and its scalars and loads.

        It changes nothing, so several threads may call it.

        Args:
            problem: whose batch it is.
            batch: from `collate`.
            draw: number of the micro-batch in the run; all random draws come from it.
        """

    def add(self, gradients: Gradients) -> None:
        """Adds the gradients of one micro-batch to those of its step; only their sum is kept.

        The engine may work in their memory: the caller uses them no more.
        """

    def update(self, learning_rate: float, step: int, loads: Loads) -> float:
        """Updates the model with the mean of the added gradients, and begins a new sum.

        Args:
            learning_rate: of this step, as scheduled; Muon's own is scaled alike.
            step: number of the step in the run, from 0.
            loads: of all micro-batches of the step; they move the routers' balancing biases.

        Returns:
            The norm of the mean, before clipping.
        """

    def clear(self) -> None:
        """Drops what was added and not used, as when a step failed on the way."""

    def averages(self) -> dict[str, np.ndarray]:
        """Path -> running mean of each trainable variable; empty without `ema_decay`."""

    def state(self) -> dict[str, np.ndarray]:
        """Copies of the optimizer's slots by name: m/PATH, and v/PATH of what Adam moves.

        With `ema_decay` also weights/PATH, since the saved model then holds the averages.
        """

    def restore(self, state: dict[str, Any]) -> None:
        """Takes slots back from a checkpoint, whose model was loaded before."""


def value_of(variable: keras.Variable) -> np.ndarray:
    """A copy that later updates, which work in place, cannot reach."""
    return host_copy(variable.value)


def saved_arrays(model: MultiModel, engine: Engine) -> tuple[list[Any], dict[str, Any]]:
    """The values of a model's variables and the slots, as a checkpoint holds them.

    They are copies, but for an engine that splits them: its arrays are those on the devices, which
    the next update makes unusable.
    """
    if engine.split:
        averages = engine.split.averages()
        return [averages.get(v.path, v.value) for v in model.variables], engine.split.state()
    averages = engine.averages()
    values = [averages[v.path] if v.path in averages else value_of(v) for v in model.variables]
    return values, engine.state()


def checksum(model: MultiModel, engine: Engine) -> int:
    """A number that tells other weights or slots apart."""
    if engine.split:
        return engine.split.checksum()
    return checksum_of([*map(value_of, model.variables), *engine.state().values()])


def checksum_of(arrays: Iterable[np.ndarray]) -> int:
    """A number that tells other arrays apart."""
    found = 0
    for array in arrays:
        found = zlib.crc32(array.tobytes(), found)
    return found


@contextlib.contextmanager
def averaged(model: MultiModel, engine: Engine) -> Iterator[None]:
    """The model with the averages of its weights, if the engine keeps any; then as before."""
    averages = (engine.split or engine).averages()
    kept = model.trainable_variables if averages else []
    last = {v.path: v.value if engine.split else value_of(v) for v in kept}
    try:
        for variable in model.trainable_variables if averages else ():
            variable.assign(averages[variable.path])
        yield
    finally:
        for variable in model.trainable_variables if averages else ():
            variable.assign(last[variable.path])


def ema_rest(config: OptimizerConfig, count: Any, minimum: Any) -> Any:
    """1 - the decay of the running mean at step `count`, from 1.

    The decay grows to `ema_decay` as (1 + count) / (10 + count), so that the first weights,
    which are random, do not stay in the mean.
    """
    return 1.0 - minimum(config.ema_decay, (1.0 + count) / (10.0 + count))


def rate_factor(config: Config, path: str, shape: Sequence[int]) -> float:
    """Returns the factor of the scheduled learning rate for a variable.

    It is the factor of the part that the variable lies in, and Muon's rate over Adam's where
    Muon moves it.
    """
    ratio = rate_ratio(config.optimizer, path, shape)
    for part, factor in config.rate_factors.items():
        if f"/{part}/" in f"/{path}/":
            return factor * ratio
    return ratio


def slot_values(model: MultiModel, config: Config) -> int:
    """Counts what the optimizer keeps of a model.

    It keeps a momentum of each weight, a second moment of those that Adam moves, and perhaps an
    average.
    """
    optimizer = config.optimizer
    by_muon = sum(
        math.prod(variable.shape)
        for variable in model.trainable_variables
        if moves_by_muon(optimizer, variable.path, variable.shape)
    )
    return (3 if optimizer.ema_decay else 2) * model.count_params() - by_muon


def with_l2(gradient: Any, value: Any, config: OptimizerConfig) -> Any:
    """Adds the gradient of Tensor2Tensor's weight decay, an L2 loss divided by the size."""
    decay = config.weight_decay
    if not isinstance(decay, T2TDecayConfig) or len(value.shape) < 2:
        return gradient
    return gradient + value * (decay.strength / math.prod(value.shape))


def decoupled_decay(value: Any, config: OptimizerConfig) -> float:
    """Share of a variable that decays a step, times the learning rate; 0 for vectors."""
    decay = config.weight_decay
    if not isinstance(decay, DecoupledDecayConfig) or len(value.shape) < 2:
        return 0.0
    return decay.strength


def parallel_batches(config: Config) -> int:
    """Micro-batches to compute side by side.

    On a mesh it is one: programs that communicate must start in the same order on all devices.
    """
    wanted = config.train.distribution
    if isinstance(wanted, MeshConfig):
        return 1
    mirrored = wanted.devices if isinstance(wanted, MirroredConfig) else 1
    return config.train.parallel_batches or min(max(cores(), mirrored), config.batches_per_step)


def share_cores(parallel: int) -> None:
    """Shares the cores among micro-batches that run side by side.

    At laptop size a second micro-batch fills the second core, which a wider operation does not.
    Works before the backend's first operation only; later calls change nothing.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(max(1, cores() // parallel))
            tf.config.threading.set_inter_op_parallelism_threads(cores())
        except RuntimeError:  # already running: in a notebook, or a second run in one process
            return


def make_engine(model: MultiModel, config: Config) -> Engine:
    """The engine of the backend that Keras runs on."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from t2t_multimodel.engines.tensorflow import TensorFlowEngine

        return TensorFlowEngine(model, config)
    if backend == "jax":
        from t2t_multimodel.engines.jax import JaxEngine

        return JaxEngine(model, config)
    raise UserError(
        f"KERAS_BACKEND={backend} can not train here.",
        fix="use KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax",
    )
