"""Several devices of one host on TensorFlow: each computes whole micro-batches of a step."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines.micro_batch import Computed, Loads, Observed
from t2t_multimodel.engines.tensorflow import TensorFlowEngine
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel


class MirroredEngine(TensorFlowEngine):
    """The first device holds the model and updates it; the others have copies of its weights.

    Micro-batch n of a run is computed on device n modulo their number. Gradients come to the first
    device, which adds them up in the order of the micro-batches, as it does with those of its own:
    on devices of one kind the result is that of one device, to the last bit.

    Args:
        model: made before, on the first device.
        config: of the run.
        names: of the devices, from `devices`.
    """

    def __init__(self, model: MultiModel, config: Config, names: list[str]) -> None:
        super().__init__(model, config)
        self._first, *self._others = names
        self._copies: dict[str, list[tf.Variable]] = {}
        for name in self._others:
            with tf.device(name):
                self._copies[name] = [tf.Variable(variable) for variable in self._variables]
        self._there: dict[tuple[str, str], Any] = {}

    def compile(self, problem: str) -> None:
        super().compile(problem)
        for name in self._others:
            if (problem, name) in self._there:
                continue
            place = functools.partial(self._in_place_of_the_model, problem, name)
            signature = self._model.signature(problem)
            function = self._gradient_function(signature, self._copies[name], place)
            function.get_concrete_function()
            self._there[problem, name] = function

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        number = draw % (1 + len(self._others))
        if number == 0:
            return super().compute(problem, batch, draw)
        name = self._others[number - 1]
        with tf.device(name):
            found, *observed = self._there[problem, name](batch, tf.constant(draw, tf.int32))
        with tf.device(self._first):
            gradients = {int(i): tf.identity(gradient) for i, gradient in found.items()}
        return Computed(gradients, Observed(*observed))

    @contextlib.contextmanager
    def _in_place_of_the_model(self, problem: str, name: str) -> Iterator[None]:
        """Makes what is traced inside run on a device, with its copies of what the problem touches.

        Variables that are not trained have no copy: those of the first device are read.
        """
        trainable = self._model.trainable_variables
        touched = [(trainable[i], self._copies[name][i]) for i in sorted(self._touched(problem))]
        others = [(v, tf.identity(v.value)) for v in self._model.non_trainable_variables]
        with tf.device(name), keras.StatelessScope(state_mapping=[*touched, *others]):
            yield

    def update(self, learning_rate: float, step: int, loads: Loads) -> float:
        norm = super().update(learning_rate, step, loads)
        self._spread()
        return norm

    def restore(self, state: dict[str, np.ndarray]) -> None:
        super().restore(state)
        self._spread()

    @functools.cached_property
    def _spread(self) -> Any:
        """Copies the weights of the first device to the others."""

        @tf.function(input_signature=[], autograph=False)
        def spread() -> None:
            for copies in self._copies.values():
                for copy, variable in zip(copies, self._variables, strict=True):
                    copy.assign(variable)

        return spread.get_concrete_function()


@functools.cache
def devices(number: int) -> list[str]:
    """Names of this host's GPUs, or of so many logical devices of its processor if it has none.

    Args:
        number: how many; 0: all GPUs.

    Raises:
        UserError: there are not so many, or TensorFlow runs already and can make none.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        if number > len(gpus):
            raise UserError(f"mirrored:{number}: this host has {len(gpus)} GPUs.")
        return [f"/device:GPU:{i}" for i in range(number or len(gpus))]
    if not number:
        raise UserError(
            "mirrored: this host has no GPU.",
            fix="mirrored:2 makes two devices of its processor, to try things out.",
        )
    processor = tf.config.list_physical_devices("CPU")[0]
    if len(tf.config.get_logical_device_configuration(processor) or ()) != number:
        logical = [tf.config.LogicalDeviceConfiguration()] * number
        try:
            tf.config.set_logical_device_configuration(processor, logical)
        except RuntimeError:
            raise UserError(
                f"mirrored:{number}: TensorFlow runs already, with other devices.",
                fix="Start a new process.",
            ) from None
    return [f"/device:CPU:{i}" for i in range(number)]
