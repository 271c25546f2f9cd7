"""Evaluation during and after training."""

from __future__ import annotations

import dataclasses
from typing import Literal

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvalConfig(Section):
    """Settings that tell which examples are scored, and when."""

    steps: int = 5000
    """Training steps between evaluations; 0: only at the end."""
    split: str = "dev"
    """Split scored during training; a problem without it is scored on its last split."""
    final_split: str = "test"
    """Split of the table at the end."""
    examples: int = 512
    """Most examples of each problem scored during training; 0: all."""
    train_decode_examples: int = 0
    """Most examples of each problem decoded during training, for the decoded metrics; 0: none."""
    best: str = "teacher_forced/log_ppl"
    """Score whose best checkpoints stay, as checkpoints/best-PROBLEM and best-joint (its mean over
    problems). teacher_forced/ may name a class label's score too, which has no targets to be
    forced."""
    patience: int = 0
    """Evaluations without a new best after which the run ends early; 0: never."""
    patience_for: Literal["joint", "problems"] = "joint"
    """The score that must have stopped improving: the joint score, or every problem's own."""
    final_examples: int = 0
    """Most examples of each problem scored for the table at the end; 0: all."""
    decode_examples: int = 200
    """Most examples decoded for the decoded metrics of the final table; 0: none. A number above
    the size of a split means all of it."""
    temperature_examples: int = 0
    """Most examples of `split` on which a temperature of the softmax is fitted for the final table,
    which then has the loss at that temperature too, so that label smoothing is not held against
    the model; 0: none is fitted, nor for a problem whose only other split is the scored one."""
    beam_size: int = 1
    """Outputs that beam search follows for the decoded metrics; 1: greedy."""
    resamples: int = 1000
    """Samples of the examples behind each interval of the final table."""

    def check(self) -> None:
        counts = ("steps", "examples", "train_decode_examples", "patience", "final_examples")
        for field in (*counts, "decode_examples", "temperature_examples"):
            self.require(getattr(self, field) >= 0, field, ">= 0")
        self.require(bool(self.steps or not self.patience), "patience", "0 where steps is 0")
        self.require(self.beam_size >= 1, "beam_size", ">= 1")
        self.require(self.resamples >= 100, "resamples", ">= 100")
        self.require(bool(self.best), "best", "the name of a score")
