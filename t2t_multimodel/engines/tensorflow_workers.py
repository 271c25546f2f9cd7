"""Several worker processes on TensorFlow: each computes whole micro-batches of a step."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines.engine import Gradients, Scalars
from t2t_multimodel.engines.tensorflow import Sums, TensorFlowEngine, VariableGroup
from t2t_multimodel.engines.tensorflow_process_group import (
    Summed,
    WorkerProcessGroup,
    gone_workers_told,
)
from t2t_multimodel.multimodel import MultiModel


class WorkerEngine(TensorFlowEngine):
    """Computes the micro-batches that this worker owns; sums gradients over all workers.

    Each worker then makes the same update of its own weights, so they stay equal. Of the other
    workers' micro-batches `gradients` returns nothing; their scalars come from
    `WorkerProcessGroup.parts`.
    """

    def __init__(
        self, model: MultiModel, config: Config, process_group: WorkerProcessGroup
    ) -> None:
        super().__init__(model, config)
        self._process_group = process_group
        self._step_problems: set[str] = set()
        self._summed: dict[VariableGroup, Summed] = {}
        self._biases = [variable.value for variable in model.non_trainable_variables]
        self._biases_before = self._bias_values()

    def gradients(self, problem: str, batch: Batch, draw: int) -> tuple[Gradients, Scalars]:
        self._step_problems.add(problem)
        return (
            super().gradients(problem, batch, draw) if self._process_group.owns(draw) else ({}, {})
        )

    def apply(self, gradients: Iterable[Gradients], learning_rate: float, step: int) -> float:
        with gone_workers_told():
            norm = super().apply(gradients, learning_rate, step)
        self._step_problems.clear()
        self._share_biases()
        return norm

    def restore(self, state: dict[str, np.ndarray]) -> None:
        super().restore(state)
        self._biases_before = self._bias_values()

    def _sums(self, found: Sums) -> Sums:
        """Over all workers, of the groups that the step's problems touch, whoever computed them."""
        touched = set().union(*map(self._touched, self._step_problems))
        sums = {}
        for group in self._groups or ():
            if group.indices[0] in touched:
                shapes = [self._variables[i].shape for i in group.indices]
                own = found.get(group) or [tf.zeros(shape) for shape in shapes]
                total = self._summed[group](_joined(own))
                parts = tf.split(total, [shape.num_elements() for shape in shapes])
                sums[group] = [tf.reshape(*pair) for pair in zip(parts, shapes, strict=True)]
        return sums

    def _variable_groups(self) -> list[VariableGroup]:
        groups = super()._variable_groups()
        for group in groups:
            size = sum(self._variables[i].shape.num_elements() for i in group.indices)
            self._summed[group] = self._process_group.summed(tf.TensorSpec([size], tf.float32))
        return groups

    def _share_biases(self) -> None:
        """Adds up what each worker moved the routers' balancing biases by."""
        if self._biases:
            moved = self._process_group.gather(self._bias_values() - self._biases_before).sum(
                axis=0
            )
            self._biases_before = self._biases_before + moved
            begin = 0
            for bias in self._biases:
                end = begin + bias.shape.num_elements()
                bias.assign(self._biases_before[begin:end].reshape(bias.shape))
                begin = end

    def _bias_values(self) -> np.ndarray:
        flat = [bias.numpy().ravel() for bias in self._biases]
        return np.concatenate(flat or [np.zeros(0)]).astype(np.float64)


def _joined(parts: list[tf.Tensor]) -> tf.Tensor:
    return tf.concat([tf.reshape(part, [-1]) for part in parts], axis=0)
