"""The training loop."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.distribution import DistributionConfig, OneDeviceConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossWeight(Section):
    """How much the loss of one problem counts."""

    problem: str
    """One that is trained."""
    weight: float
    """Factor of its loss; 1 for problems that are not named."""

    def check(self) -> None:
        self.require(0 < self.weight < math.inf, "weight", "a number above 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig(Section):
    """Length, seed, and what happens every so many steps."""

    steps: int = 250_000
    """Optimizer steps."""
    warm_start: str = ""
    """Run or checkpoint whose weights and vocabularies the first step begins with, where they fit;
    empty: fresh weights."""
    seed: int = 0
    """All random draws come from (seed, purpose, step)."""
    problems_per_step: int = 0
    """Micro-batches whose gradients one step averages, of as many problems as the rates allow;
    0, or more than there are problems: one of each."""
    accumulate: int = 1
    """Times as many micro-batches in a step, for larger batches than memory holds at once."""
    parallel_batches: int = 0
    """Micro-batches computed side by side, in evaluations too; 0: as many as cores, at most those
    of a step."""
    distribution: DistributionConfig = OneDeviceConfig()
    """Devices, see docs/devices.md. What is learned does not depend on them, but for rounding."""
    label_smoothing: float = 0.1
    """Share of a target's probability that is spread evenly over all classes, in the loss."""
    loss_weights: tuple[LossWeight, ...] = ()
    """Factors of problems' losses, written octet_image:0.5+octet_ende:2; 1 for those not named."""
    max_xent: float = 100.0
    """Nats a target above which a micro-batch's cross entropy stops the run as diverged."""
    jit_compile: bool = False
    """Compiles losses and gradients with XLA, once for each shape: use data.static_shapes. On
    TensorFlow every expert then computes every token. JAX always compiles, and does not."""
    checkpoint_steps: int = 1000
    """Steps between checkpoints: the most that a kill can cost."""
    keep_checkpoints: int = 3
    """Newest checkpoints that stay on disk, beside the best ones of evaluate.best."""
    log_steps: int = 50
    """Steps between lines of scalars."""
    report_to: Literal["none", "wandb", "mlflow"] = "none"
    """Tracker that gets the scalars beside TensorBoard; each is an extra, see docs/runs.md."""
    affinity_steps: int = 0
    """Steps between measurements of what an update on one problem does to the losses of the others
    (arXiv 2109.04617), which cost about as much as eight steps of five problems; 0: none."""

    def check(self) -> None:
        self.require(self.steps > 0, "steps", "> 0")
        self.require(0 <= self.seed < 2**31, "seed", "from 0 to 2147483647")
        self.require(self.problems_per_step >= 0, "problems_per_step", ">= 0")
        self.require(self.accumulate > 0, "accumulate", "> 0")
        self.require(self.parallel_batches >= 0, "parallel_batches", ">= 0")
        self.require(self.affinity_steps >= 0, "affinity_steps", ">= 0")
        self.require(self.max_xent > 0, "max_xent", "> 0")
        self.require(0 <= self.label_smoothing < 1, "label_smoothing", "in [0, 1)")
        for field in ("checkpoint_steps", "keep_checkpoints", "log_steps"):
            self.require(getattr(self, field) > 0, field, "> 0")
        named = [one.problem for one in self.loss_weights]
        self.require(
            len({*named}) == len(named), "loss_weights", "a tuple that names each problem once"
        )
