"""Optimizer and learning-rate schedule."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig(Section):
    """Adam with clipping (paper, section 2.5)."""

    learning_rate: float = 1e-3
    """Peak of the schedule; with a t2t schedule Tensor2Tensor's own number, 500 times Adam's."""
    schedule: Literal[
        "constant",
        "rsqrt",
        "cosine",
        "linear",
        "t2t_noam",
        "t2t_none",
        "t2t_sqrt",
        "t2t_exp10k",
        "t2t_exp50k",
        "t2t_exp500k",
    ] = "rsqrt"
    """Shape after the linear warm-up; rsqrt is Transformer's noam, scaled to the peak. Those of
    Tensor2Tensor bring their own warm-up."""
    warmup_steps: int = 4000
    """Steps of the linear warm-up from 0 to the peak."""
    final_fraction: float = 0.05
    """Share of the peak that cosine and linear end with, at the last training step."""
    beta1: float = 0.9
    """Decay of Adam's first moment, a step."""
    beta2: float = 0.98
    """Decay of Adam's second moment, a step."""
    epsilon: float = 1e-9
    """Added to the root of the second moment."""
    clip_norm: float = 2.0
    """Bound of the global gradient norm of a step; 0 leaves gradients alone."""
    weight_decay: float = 0.0
    """Strength of the decay of matrices; only those that got a gradient are moved."""
    weight_decay_form: Literal["decoupled", "t2t"] = "decoupled"
    """Times the learning rate beside Adam (arXiv 1711.05101), or as Tensor2Tensor's loss
    weight_decay * sum of squares / (2 * size of the matrix)."""
    rate_factors: tuple[str, ...] = ()
    """Factors of the learning rate in parts of the model, as in body:0.1+command_octet_ende:0; 0
    leaves a part as it is. Parts are the body, each modality net and each command token."""
    ema_decay: float = 0.0
    """Decay a step of the running mean of the weights that is evaluated and saved in place of the
    last ones; a weight's mean moves when the weight does. 0: none."""

    def check(self) -> None:
        self.require(self.learning_rate > 0, "learning_rate", "> 0")
        self.require(self.warmup_steps >= 0, "warmup_steps", ">= 0")
        self.require(0 <= self.final_fraction <= 1, "final_fraction", "between 0 and 1")
        self.require(0 <= self.beta1 < 1, "beta1", "in [0, 1)")
        self.require(0 <= self.beta2 < 1, "beta2", "in [0, 1)")
        self.require(self.epsilon > 0, "epsilon", "> 0")
        self.require(self.clip_norm >= 0, "clip_norm", ">= 0")
        self.require(self.weight_decay >= 0, "weight_decay", ">= 0")
        self.require(0 <= self.ema_decay < 1, "ema_decay", "in [0, 1)")
        for field in ("learning_rate", "weight_decay", "epsilon"):
            self.require(getattr(self, field) < math.inf, field, "finite")
