"""Compiled steps on TensorFlow: one graph for each problem, updates in place."""

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
from t2t_multimodel.engines import muon
from t2t_multimodel.engines.balance import move_biases
from t2t_multimodel.engines.engine import Engine, decoupled_decay, ema_rest, rate_factor, with_l2
from t2t_multimodel.engines.micro_batch import Computed, Gradients, Loads, Observed
from t2t_multimodel.engines.tensorflow_group import Sums, VariableGroup
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
        everywhere = dict(enumerate(self._variables))
        by_adam = {
            i: variable
            for i, variable in everywhere.items()
            if not muon.moves_by_muon(config.optimizer, self._names[i], variable.shape)
        }
        self._momenta, self._squares = _zeros_like(everywhere), _zeros_like(by_adam)
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
            self._note_trace()
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
        # saves a pass over all gradients, where a step is one micro-batch
        unscaled = float(scale) == 1.0 and self._config.batches_per_step == 1
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
        groups = [
            VariableGroup(tuple(group), shapes, self._move, self._note_trace)
            for group in by_problems.values()
        ]
        for group in groups:
            group.compile(self._config.batches_per_step, bool(self._config.optimizer.clip_norm))
        return groups

    def _note_trace(self) -> None:
        self.traces += 1

    def _touched(self, problem: str) -> set[int]:
        concrete = self._gradients[problem].get_concrete_function()
        return set(map(int, concrete.structured_outputs[0]))

    def _move(self, gradients: Gradients, rate: tf.Tensor, count: tf.Tensor) -> None:
        """Adam or Muon with decoupled weight decay (arXiv 1711.05101), moments in place.

        Only variables with a gradient come here, so an absent problem's weights and moments
        stand still. `count` counts all steps of the run.
        """
        optimizer = self._config.optimizer
        matrices = {i: one for i, one in gradients.items() if i not in self._squares}
        momenta = {i: tf.convert_to_tensor(self._momenta[i]) for i in matrices}
        momenta, moves = muon.directions(optimizer, matrices, momenta) if matrices else ({}, {})
        for index, gradient in gradients.items():
            variable, own = self._variables[index], rate
            factor = rate_factor(self._config, self._names[index], variable.shape)
            if factor != 1.0:
                own = rate * factor
            if decay := decoupled_decay(variable, optimizer):
                variable.assign_sub(own * decay * variable)
            if index in moves:
                self._momenta[index].assign(momenta[index])
                variable.assign_sub(own * moves[index])
            else:
                self._adam(index, gradient, own, count)
            if self._averages:
                average = self._averages[index]
                average.assign_sub(ema_rest(optimizer, count, tf.minimum) * (average - variable))

    def _adam(self, index: int, gradient: tf.Tensor, rate: tf.Tensor, count: tf.Tensor) -> None:
        """Adam (arXiv 1412.6980)."""
        optimizer = self._config.optimizer
        tf.raw_ops.ResourceApplyAdam(
            var=self._variables[index].handle,
            m=self._momenta[index].handle,
            v=self._squares[index].handle,
            beta1_power=optimizer.beta1**count,
            beta2_power=optimizer.beta2**count,
            lr=rate,
            beta1=optimizer.beta1,
            beta2=optimizer.beta2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )

    def averages(self) -> dict[str, np.ndarray]:
        return _copies(dict(zip(self._names, self._averages, strict=False)))

    def state(self) -> dict[str, np.ndarray]:
        return _copies(self._saved())

    def restore(self, state: dict[str, np.ndarray]) -> None:
        for average, variable in zip(self._averages, self._variables, strict=False):
            average.assign(variable)  # the saved model's weights are the averages
        for name, variable in self._saved().items():
            variable.assign(state[name])

    def _saved(self) -> dict[str, tf.Variable]:
        saved = {f"m/{self._names[i]}": slot for i, slot in self._momenta.items()}
        saved |= {f"v/{self._names[i]}": slot for i, slot in self._squares.items()}
        if self._averages:
            named = zip(self._names, self._variables, strict=True)
            saved |= {f"weights/{name}": variable for name, variable in named}
        return saved


def _zeros_like(variables: dict[int, tf.Variable]) -> dict[int, tf.Variable]:
    return {i: tf.Variable(tf.zeros_like(variable)) for i, variable in variables.items()}


def _copies(variables: dict[str, tf.Variable]) -> dict[str, np.ndarray]:
    """Values that later updates, which work in place, cannot reach."""
    return {name: np.array(variable.numpy()) for name, variable in variables.items()}
