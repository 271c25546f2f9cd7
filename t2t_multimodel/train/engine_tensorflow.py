"""Compiled steps on TensorFlow: one graph for each problem, Adam in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from t2t_multimodel.backend import batch_spec
from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.train.engine import Gradients, Scalars


class TensorFlowEngine:
    """See `Engine`."""

    def __init__(self, model: MultiModel, config: Config) -> None:
        self._model, self._config = model, config
        self._variables: list[tf.Variable] = [v.value for v in model.trainable_variables]
        self._names = [v.path for v in model.trainable_variables]
        self._slots = [[tf.Variable(tf.zeros_like(v)) for v in self._variables] for _ in range(2)]
        self._updates: dict[tuple[int, ...], Callable[..., Any]] = {}
        self._mean = tf.function(_mean)
        self.traces = 0
        self._gradients = {
            problem.name: self._gradient_function(problem) for problem in model.problems.values()
        }

    def compile(self, problem: str) -> None:
        self._gradients[problem].get_concrete_function()  # type: ignore[attr-defined]

    def gradients(self, problem: str, batch: Batch, draw: int) -> tuple[Gradients, Scalars]:
        gradients, scalars = self._gradients[problem](batch, tf.constant(draw, tf.int32))
        return {int(i): gradient for i, gradient in gradients.items()}, scalars

    def _gradient_function(self, problem: ProblemSignature) -> Callable[..., Any]:
        """One trace for all lengths: a fixed input signature with open dimensions."""
        train = self._config.train

        @tf.function(input_signature=[batch_spec(problem), tf.TensorSpec((), tf.int32)])
        def run(batch: dict[str, tf.Tensor], draw: tf.Tensor) -> tuple[dict, dict]:
            self.traces += 1
            with tf.GradientTape() as tape:
                loss, scalars = self._model.problem_loss(
                    batch,
                    problem.name,
                    training=True,
                    seed=StepSeed(draw * 65537 + train.seed),
                    label_smoothing=train.label_smoothing,
                )
            gradients = tape.gradient(loss, self._variables)
            found = {str(i): g for i, g in enumerate(gradients) if g is not None}
            return {i: tf.convert_to_tensor(g) for i, g in found.items()}, scalars

        return run

    def apply(self, gradients: list[Gradients], learning_rate: float, step: int) -> float:
        shares: dict[int, list[tf.Tensor]] = {}
        for part in gradients:
            for index, gradient in part.items():
                shares.setdefault(index, []).append(gradient)
        # Variables that the same micro-batches touched go together: few functions are traced,
        # whatever problems the steps hold.
        groups: dict[tuple[int, ...], list[int]] = {}
        for index in sorted(shares):
            touched_by = tuple(n for n, part in enumerate(gradients) if index in part)
            groups.setdefault(touched_by, []).append(index)
        weight = tf.constant(1 / len(gradients), tf.float32)
        means, squares = {}, []
        for group in map(tuple, groups.values()):
            means[group], square = self._mean([shares[index] for index in group], weight)
            squares.append(square)
        norm = tf.sqrt(tf.add_n(squares))
        clip = self._config.optimizer.clip_norm
        scale = clip / tf.maximum(norm, clip) if clip else tf.constant(1.0)
        rate, count = tf.constant(learning_rate, tf.float32), tf.constant(step + 1.0, tf.float32)
        for group, mean in means.items():
            self._update(group)(mean, scale, rate, count)
        return float(norm)

    def _update(self, group: tuple[int, ...]) -> Callable[..., Any]:
        if group not in self._updates:

            @tf.function
            def update(
                means: list[tf.Tensor], scale: tf.Tensor, rate: tf.Tensor, count: tf.Tensor
            ) -> None:
                self.traces += 1
                for index, mean in zip(group, means, strict=True):
                    self._adam(index, mean * scale, rate, count)

            self._updates[group] = update
        return self._updates[group]

    def _adam(self, index: int, gradient: tf.Tensor, rate: tf.Tensor, count: tf.Tensor) -> None:
        """Adam (arXiv 1412.6980) with decoupled weight decay (1711.05101), moments in place.

        Only variables with a gradient come here, so an absent problem's weights and moments
        stand still. `count` counts all steps of the run.
        """
        optimizer, variable = self._config.optimizer, self._variables[index]
        if optimizer.weight_decay and len(variable.shape) > 1:
            variable.assign_sub(rate * optimizer.weight_decay * variable)
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

    def state(self) -> dict[str, np.ndarray]:
        return {
            f"{slot}/{name}": variable.numpy()
            for slot, variables in zip(("m", "v"), self._slots, strict=True)
            for name, variable in zip(self._names, variables, strict=True)
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        for slot, variables in zip(("m", "v"), self._slots, strict=True):
            for name, variable in zip(self._names, variables, strict=True):
                variable.assign(state[f"{slot}/{name}"])


def _mean(shares: list[list[tf.Tensor]], weight: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Sums each variable's gradients times `weight`; also the sum of squares of the results."""
    means = [tf.add_n(parts) * weight for parts in shares]
    return means, tf.add_n([tf.reduce_sum(tf.square(mean)) for mean in means])
