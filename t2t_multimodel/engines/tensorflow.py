"""Compiled steps on TensorFlow: one graph for each problem, Adam in place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf

from t2t_multimodel.backend import batch_spec
from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines.balance import move_biases
from t2t_multimodel.engines.engine import Engine, decoupled_decay, ema_rest, rate_factor, with_l2
from t2t_multimodel.engines.micro_batch import Computed, Gradients, Loads, Observed
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.layers.fast import for_xla
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel


class TensorFlowEngine(Engine):
    """One graph for each problem; the variables are updated in place."""

    def __init__(self, model: MultiModel, config: Config) -> None:
        self._model, self._config = model, config
        self._variables: list[tf.Variable] = [v.value for v in model.trainable_variables]
        self._names = [v.path for v in model.trainable_variables]
        self._slots = [[tf.Variable(tf.zeros_like(v)) for v in self._variables] for _ in range(2)]
        self._averages: list[tf.Variable] = []
        if config.optimizer.ema_decay:
            self._averages = [tf.Variable(tf.identity(v)) for v in self._variables]
        self._groups: list[VariableGroup] | None = None
        self._sums: Sums = {}
        self._added = 0
        self.traces = 0
        self._gradients = {
            name: self._gradient_function(model.problems[name]) for name in config.trained
        }

    def compile(self, problem: str) -> None:
        self._gradients[problem].get_concrete_function()

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        gradients, *observed = self._gradients[problem](batch, tf.constant(draw, tf.int32))
        return Computed({int(i): one for i, one in gradients.items()}, Observed(*observed))

    def _gradient_function(
        self,
        problem: ProblemSignature,
        variables: Sequence[tf.Variable] = (),
        place: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext,
    ) -> Any:
        """One trace for all lengths: a fixed input signature with open dimensions.

        Args:
            problem: whose batches it takes.
            variables: to differentiate by; by default the model's own.
            place: a context in which the model is computed.
        """
        variables = variables or self._variables
        train, optimizer = self._config.train, self._config.optimizer
        weight = self._config.loss_weights.get(problem.name, 1.0)
        types = [batch_spec(problem), tf.TensorSpec((), tf.int32)]

        @tf.function(input_signature=types, autograph=False, jit_compile=train.jit_compile or None)
        def run(batch: dict[str, tf.Tensor], draw: tf.Tensor) -> tuple[dict, dict, dict]:
            self.traces += 1
            forms = for_xla() if train.jit_compile else contextlib.nullcontext()
            with tf.GradientTape() as tape, forms, place():
                loss, scalars, loads = problem_loss(
                    self._model,
                    batch,
                    problem.name,
                    training=True,
                    seed=StepSeed(draw * 65537 + train.seed),
                    label_smoothing=train.label_smoothing,
                )
                loss = loss if weight == 1.0 else loss * weight
            gradients = tape.gradient(loss, variables)
            found = {
                str(i): with_l2(tf.convert_to_tensor(gradient), variable, optimizer)
                for i, (gradient, variable) in enumerate(zip(gradients, variables, strict=True))
                if gradient is not None
            }
            return found, scalars, loads

        return run

    def add(self, gradients: Gradients) -> None:
        if self._groups is None:
            self._groups = self._variable_groups()
        self._added += 1
        for group in self._groups:
            if group.in_(gradients):
                share = [gradients[i] for i in group.indices]
                before = self._sums.get(group)
                self._sums[group] = share if before is None else group.add(before, share)

    def clear(self) -> None:
        self._sums, self._added = {}, 0

    def update(self, learning_rate: float, step: int, loads: Loads) -> float:
        sums, number = self._whole_sums(), self._added
        self.clear()
        norm = tf.sqrt(tf.add_n([group.squares(s) for group, s in sums.items()])) / number
        clip = self._config.optimizer.clip_norm
        scale = tf.cast((clip / tf.maximum(norm, clip) if clip else 1.0) / number, tf.float32)
        rate, count = tf.constant(learning_rate, tf.float32), tf.constant(step + 1.0, tf.float32)
        unscaled = float(scale) == 1.0  # saves a pass over all gradients
        for group, total in sums.items():
            if unscaled:
                group.update(total, rate, count)
            else:
                group.update_scaled(total, scale, rate, count)
        move_biases(self._model, loads, self._config.model.balance_rate)
        return float(norm)

    def _whole_sums(self) -> Sums:
        """The sums over all micro-batches of the step, in the order of the groups."""
        return {group: self._sums[group] for group in self._groups or () if group in self._sums}

    def _variable_groups(self) -> list[VariableGroup]:
        """Variables that the same problems touch: their gradients always come together.

        So each group's functions are traced once, whatever problems the steps hold.
        """
        by_problems: dict[tuple[str, ...], list[int]] = {}
        touched = {problem: self._touched(problem) for problem in self._gradients}
        for index in range(len(self._variables)):
            problems = tuple(problem for problem, indices in touched.items() if index in indices)
            by_problems.setdefault(problems, []).append(index)
        by_problems.pop((), None)
        shapes = [variable.shape for variable in self._variables]
        groups = [VariableGroup(tuple(group), shapes, self._adam) for group in by_problems.values()]
        self.traces += sum(group.traces for group in groups)
        return groups

    def _touched(self, problem: str) -> set[int]:
        concrete = self._gradients[problem].get_concrete_function()
        return set(map(int, concrete.structured_outputs[0]))

    def _adam(self, index: int, gradient: tf.Tensor, rate: tf.Tensor, count: tf.Tensor) -> None:
        """Adam (arXiv 1412.6980) with decoupled weight decay (1711.05101), moments in place.

        Only variables with a gradient come here, so an absent problem's weights and moments
        stand still. `count` counts all steps of the run.
        """
        optimizer, variable = self._config.optimizer, self._variables[index]
        if (factor := rate_factor(self._config, self._names[index])) != 1.0:
            rate = rate * factor
        if decay := decoupled_decay(variable, optimizer):
            variable.assign_sub(rate * decay * variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._slots[0][index].handle,
            v=self._slots[1][index].handle,
            beta1_power=optimizer.beta1**count,
            beta2_power=optimizer.beta2**count,
            lr=rate,
            beta1=optimizer.beta1,
            beta2=optimizer.beta2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )
        if self._averages:
            average = self._averages[index]
            average.assign_sub(ema_rest(optimizer, count, tf.minimum) * (average - variable))

    def averages(self) -> dict[str, np.ndarray]:
        return _copies(self._names, self._averages) if self._averages else {}

    def state(self) -> dict[str, np.ndarray]:
        return {
            f"{kind}/{name}": value
            for kind, variables in self._saved().items()
            for name, value in _copies(self._names, variables).items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        for average, variable in zip(self._averages, self._variables, strict=False):
            average.assign(variable)  # the saved model's weights are the averages
        for kind, variables in self._saved().items():
            for name, variable in zip(self._names, variables, strict=True):
                variable.assign(state[f"{kind}/{name}"])

    def _saved(self) -> dict[str, list[tf.Variable]]:
        saved = {"m": self._slots[0], "v": self._slots[1]}
        return {**saved, "weights": self._variables} if self._averages else saved


def _copies(names: list[str], variables: list[tf.Variable]) -> dict[str, np.ndarray]:
    """Values that later updates, which work in place, cannot reach."""
    return {name: np.array(v.numpy()) for name, v in zip(names, variables, strict=True)}


class VariableGroup:
    """Variables that are updated together."""

    def __init__(
        self, indices: tuple[int, ...], shapes: list[tf.TensorShape], adam: Callable[..., None]
    ) -> None:
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
            for index, one in zip(indices, sums, strict=True):
                adam(index, one, rate, count)

        def update_scaled(
            sums: list[tf.Tensor], scale: tf.Tensor, rate: tf.Tensor, count: tf.Tensor
        ) -> None:
            self.traces += 1
            for index, one in zip(indices, sums, strict=True):
                adam(index, one * scale, rate, count)

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
