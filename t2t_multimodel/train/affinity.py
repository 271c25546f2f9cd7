"""Measures how a step on one problem changes the losses of all (arXiv 2109.04617).

    affinity of i to j = 1 - loss of j after an update on i alone / loss of j before

Above 0 the step on i helps j, below 0 it hurts. The update is that of the run's own optimizer, on
the micro-batch that i gets next; the losses are of held examples, the same in the whole run. The
weights and the optimizer are then put back, so that the run learns what it would have learnt.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from t2t_multimodel.config import Config
from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.engines.micro_batch import on_host, summed_loads
from t2t_multimodel.engines.process_group import ProcessGroup
from t2t_multimodel.errors import UserError

if TYPE_CHECKING:
    from t2t_multimodel.train.loop import Trainer

HELD_EXAMPLES = 32
"""Examples of the split scored during training behind each loss."""
PREFIX = "affinity/"
"""Begins the names of what is logged: affinity/I is a list over the problems in their order."""
SECONDS = "affinity_cpu_seconds"
"""The processor time of one measurement, as it is logged."""


def measure(trainer: Trainer, rate: float) -> None:
    """Logs the affinity of each trained problem to each of them, under the step that comes next.

    A run that is killed and goes on from this step's checkpoint measures and logs it again.

    Args:
        trainer: between two steps.
        rate: the learning rate of the next step.
    """
    begin = time.process_time()
    names, found = list(trainer.config.trained), {}
    before = _losses(trainer, names)
    moment = _Moment(trainer)
    for name in names:
        _step_on(trainer, name, rate)
        found[f"{PREFIX}{name}"] = 1 - _losses(trainer, names) / before
        moment.restore()
    seconds = time.process_time() - begin
    trainer.folder.write_scalars(trainer.step + 1, {**found, SECONDS: seconds})


def check_alone(config: Config, process_group: ProcessGroup) -> None:
    """Raises `UserError` if affinity is asked for in a run of several workers."""
    if config.train.affinity_steps and process_group.workers > 1:
        raise UserError(
            "train.affinity_steps needs one worker, and this run has several.",
            "Leave it out, or train on one machine.",
        )


def _losses(trainer: Trainer, names: list[str]) -> np.ndarray:
    """The loss of the held examples of each problem [P]."""
    split = trainer.config.evaluate.split
    results = (trainer.evaluator.evaluate(name, split, HELD_EXAMPLES) for name in names)
    return np.array([next(iter(result.scores.values())) for result in results])


def _step_on(trainer: Trainer, name: str, rate: float) -> None:
    """Updates the model on one micro-batch of a problem."""
    batch = trainer.streams[name][trainer.positions.get(name, 0)]
    computed = trainer.engine.compute(name, batch, trainer.step)
    observed = on_host(computed.observed)
    assert observed is not None  # one process computes everything itself
    trainer.engine.add(computed.gradients)
    trainer.engine.update(rate, trainer.step, summed_loads([observed]))


class _Moment:
    """The weights and the optimizer of a moment, as a checkpoint would hold them."""

    def __init__(self, trainer: Trainer) -> None:
        self._variables, self._engine = trainer.model.variables, trainer.engine
        averages = self._engine.averages()
        self._values = [averages.get(v.path, value_of(v)) for v in self._variables]
        self._slots = self._engine.state()

    def restore(self) -> None:
        """Puts everything back."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)
        self._engine.restore(self._slots)
