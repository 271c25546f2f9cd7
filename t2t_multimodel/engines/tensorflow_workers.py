"""Several worker processes on TensorFlow: each computes whole micro-batches of a step."""

from __future__ import annotations

import tensorflow as tf

from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines.micro_batch import Computed, Loads
from t2t_multimodel.engines.tensorflow import TensorFlowEngine
from t2t_multimodel.engines.tensorflow_group import Sums, VariableGroup
from t2t_multimodel.engines.tensorflow_process_group import (
    Summed,
    WorkerProcessGroup,
    gone_workers_told,
)
from t2t_multimodel.multimodel import MultiModel


class WorkerEngine(TensorFlowEngine):
    """Computes the micro-batches that this worker owns; sums gradients over all workers.

    Each worker then makes the same update of its own weights, so they stay equal. `compute` and
    `add` are called for every micro-batch of a step. Those of other workers have no gradients
    here; `WorkerProcessGroup.share` brings their scalars and loads.
    """

    def __init__(
        self, model: MultiModel, config: Config, process_group: WorkerProcessGroup
    ) -> None:
        super().__init__(model, config)
        self._process_group = process_group
        self._step_problems: set[str] = set()
        self._summed: dict[VariableGroup, Summed] = {}

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        self._step_problems.add(problem)
        owned = self._process_group.owns(draw)
        return super().compute(problem, batch, draw) if owned else Computed({}, None)

    def clear(self) -> None:
        super().clear()
        self._step_problems.clear()

    def update(self, learning_rate: float, step: int, loads: Loads) -> float:
        with gone_workers_told():
            return super().update(learning_rate, step, loads)

    def _whole_sums(self) -> Sums:
        """Over all workers, of the groups that the step's problems touch, whoever computed them."""
        touched = set().union(*map(self._touched, self._step_problems))
        sums = {}
        for group in self._groups or ():
            if group.indices[0] in touched:
                shapes = [self._variables[i].shape for i in group.indices]
                own = self._sums.get(group) or [tf.zeros(shape) for shape in shapes]
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


def _joined(parts: list[tf.Tensor]) -> tf.Tensor:
    return tf.concat([tf.reshape(part, [-1]) for part in parts], axis=0)
