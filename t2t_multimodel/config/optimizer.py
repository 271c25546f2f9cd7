"""Optimizer and learning-rate schedule."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.schedule import RsqrtScheduleConfig, ScheduleConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class RateFactor(Section):
    """A learning rate of its own for a part of the model."""

    part: str
    """The body, a modality net, a command token or a CTC layer, by name."""
    factor: float
    """The factor of the learning rate; 0 leaves the part as it is."""

    def check(self) -> None:
        self.require(0 <= self.factor < math.inf, "factor", "0 or a number above 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoDecayConfig(Section):
    """No weight decays."""

    kind: ClassVar[str] = "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Decay(Section):
    strength: float = 0.1
    """The speed at which matrices decay; only those that got a gradient are moved."""

    def check(self) -> None:
        self.require(0 < self.strength < math.inf, "strength", "> 0 and finite")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecoupledDecayConfig(_Decay):
    """Strength times the learning rate, beside the gradient's move (arXiv 1711.05101)."""

    kind: ClassVar[str] = "decoupled"


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TDecayConfig(_Decay):
    """Tensor2Tensor's loss, strength * sum of squares / (2 * size of the matrix)."""

    kind: ClassVar[str] = "t2t"


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdamConfig(Section):
    """Adam moves all weights (paper, section 2.5)."""

    kind: ClassVar[str] = "adam"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MuonConfig(Section):
    """Muon moves the matrices of hidden layers and experts, Adam all other weights."""

    kind: ClassVar[str] = "muon"

    learning_rate: float = 0.02
    """Peak of Muon's own rate. It follows the schedule as optimizer.learning_rate does, Adam's."""
    momentum: float = 0.95
    """Decay of the momentum, a step (Nesterov)."""

    def check(self) -> None:
        self.require(0 < self.learning_rate < math.inf, "learning_rate", "> 0 and finite")
        self.require(0 <= self.momentum < 1, "momentum", "in [0, 1)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig(Section):
    """What moves the weights, with clipping."""

    method: AdamConfig | MuonConfig = AdamConfig()
    """Adam alone, as in the paper, or Muon for hidden matrices beside it. beta1, beta2 and
    epsilon are Adam's under both."""
    learning_rate: float = 1e-3
    """Peak of Adam's rate; with schedule=t2t Tensor2Tensor's own number, 500 times Adam's."""
    schedule: ScheduleConfig = RsqrtScheduleConfig()
    """Shape of the learning rate over the run, which begins with a warm-up."""
    beta1: float = 0.9
    """Decay of Adam's first moment, a step."""
    beta2: float = 0.98
    """Decay of Adam's second moment, a step."""
    epsilon: float = 1e-9
    """Added to the root of the second moment."""
    clip_norm: float = 2.0
    """Bound of the global gradient norm of a step; 0 leaves gradients alone."""
    weight_decay: NoDecayConfig | DecoupledDecayConfig | T2TDecayConfig = NoDecayConfig()
    """The way in which matrices decay."""
    rate_factors: tuple[RateFactor, ...] = ()
    """Factors of the learning rate in parts of the model, written body:0.1+command_octet_ende:0."""
    ema_decay: float = 0.0
    """Decay a step of the running mean of the weights that is evaluated and saved in place of the
    last ones; a weight's mean moves when the weight does. 0: none."""

    def check(self) -> None:
        self.require(self.learning_rate > 0, "learning_rate", "> 0")
        self.require(0 <= self.beta1 < 1, "beta1", "in [0, 1)")
        self.require(0 <= self.beta2 < 1, "beta2", "in [0, 1)")
        self.require(self.epsilon > 0, "epsilon", "> 0")
        self.require(self.clip_norm >= 0, "clip_norm", ">= 0")
        self.require(0 <= self.ema_decay < 1, "ema_decay", "in [0, 1)")
        for field in ("learning_rate", "epsilon"):
            self.require(getattr(self, field) < math.inf, field, "finite")
        parts = [one.part for one in self.rate_factors]
        self.require(
            len({*parts}) == len(parts), "rate_factors", "a tuple that names each part once"
        )
