"""Tells before the first step what a run will be: mixture, batches, parameters, memory."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from t2t_multimodel.config import AdaptiveMixtureConfig, Config, RatesMixtureConfig
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.engines.engine import parallel_batches
from t2t_multimodel.plan.footprint import Counted, Footprint, footprints
from t2t_multimodel.plan.sizes import BucketPlan, Known, look

FLOAT = 4  # bytes of a weight, of its gradient, of each slot


@dataclasses.dataclass(frozen=True)
class ProblemPlan:
    """Tells what one problem will get."""

    problem: str
    source: str
    """`source` tells where its sizes come from: a folder of records, or "declared"."""
    share: float
    """`share` is its share of all micro-batches of the run."""
    micro_batches: float
    examples: int
    """`examples` counts those of the train split, as far as the run uses it."""
    epochs: float
    rows: float
    """Examples of a micro-batch, in the mean."""
    inputs: float
    """Length of the inputs of a micro-batch without padding, in the mean."""
    targets: float
    """Tokens of the targets of a micro-batch without padding, in the mean."""
    buckets: tuple[BucketPlan, ...]
    """Empty where the lengths of single examples are not known."""

    @property
    def padding(self) -> float | None:
        """Part of all positions that is padding; None where it is not known."""
        if not self.buckets:
            return None
        cells = [one.examples * (one.inputs + one.targets) for one in self.buckets]
        filled = [c * (1 - one.padding) for c, one in zip(cells, self.buckets, strict=True)]
        return 1 - sum(filled) / sum(cells)


@dataclasses.dataclass(frozen=True)
class Memory:
    """Estimated bytes of training, without the program itself."""

    parameters: int
    slots: int
    """`slots` counts the values that the optimizer keeps."""
    gradients: int
    activations: int

    @property
    def total(self) -> int:
        """Bytes, all together."""
        return self.parameters + self.slots + self.gradients + self.activations


@dataclasses.dataclass(frozen=True)
class Plan:
    """Tells what a whole run will be."""

    steps: int
    batches_per_step: int
    problems: tuple[ProblemPlan, ...]
    parameters: int
    footprints: dict[str, Footprint]
    memory: Memory

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        values = dataclasses.asdict(self)
        for row, plan in zip(values["problems"], self.problems, strict=True):
            row["padding"] = plan.padding
        values["memory"]["total"] = self.memory.total
        values["targets_per_step"] = self.per_step("targets")
        values["examples_per_step"] = self.per_step("rows")
        return values

    def per_step(self, field: str) -> float:
        """Mean of `targets`, `inputs` or `rows` of a step, over all its micro-batches."""
        total = sum(one.micro_batches * getattr(one, field) for one in self.problems)
        return total / self.steps


def make_plan(config: Config, data_dir: Path) -> Plan:
    """The plan of a run; nothing is trained, written or allocated.

    Args:
        config: of the run.
        data_dir: sizes are those of the records there, else those that problems declare.

    Raises:
        UserError: a problem has no records and declares no sizes.
    """
    known = {name: look(name, config, data_dir) for name in config.rates}
    planned = config
    if isinstance(config.mixture, AdaptiveMixtureConfig):  # losses are not known: by rates alone
        planned = config.replace(mixture=RatesMixtureConfig())
    mixture = make_mixture(planned, {name: one.sizes for name, one in known.items()})
    asked = mixture.asked(config.train.steps)
    total = sum(asked.values())
    problems = tuple(
        _problem_plan(name, one, asked.get(name, 0.0), total) for name, one in known.items()
    )
    counted = footprints(
        config,
        [one.signature for one in known.values()],
        {name: one.largest for name, one in known.items()},
    )
    memory = estimate_memory(config, counted)
    per_step = config.batches_per_step
    return Plan(
        steps=config.train.steps,
        batches_per_step=per_step,
        problems=problems,
        parameters=counted.parameters,
        footprints=counted.footprints,
        memory=memory,
    )


def _problem_plan(name: str, known: Known, asked: float, total: float) -> ProblemPlan:
    sizes = known.sizes
    return ProblemPlan(
        problem=name,
        source=known.source,
        share=asked / total,
        micro_batches=asked,
        examples=sizes.examples,
        epochs=asked / sizes.batches,
        rows=sizes.examples / sizes.batches,
        inputs=known.inputs / sizes.batches,
        targets=known.targets / sizes.batches,
        buckets=known.buckets,
    )


def estimate_memory(config: Config, counted: Counted) -> Memory:
    """Bytes of a training step at its largest.

    Weights, the optimizer's slots, the sum of a step's gradients beside those of the micro-batches
    that are computed at once and of one that waits, and what the forward passes at once keep for
    their backward passes.
    """
    parallel = min(parallel_batches(config), config.batches_per_step)
    prints = counted.footprints.values()
    touched = max(one.parameters for one in prints)
    return Memory(
        parameters=FLOAT * counted.parameters,
        slots=FLOAT * counted.slots,
        gradients=FLOAT * touched * min(2 + parallel, 1 + config.batches_per_step),
        activations=parallel * max(one.activations for one in prints),
    )
