"""Evaluation during and after training."""

from __future__ import annotations

import dataclasses

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvalConfig(Section):
    """Which examples are scored, and when."""

    steps: int = 5000
    """Training steps between evaluations; 0: only at the end."""
    split: str = "dev"
    """Split scored during training; a problem without it is scored on its last split."""
    final_split: str = "test"
    """Split of the table at the end."""
    examples: int = 512
    """Most examples of each problem scored during training; 0: all."""
    final_examples: int = 0
    """Most examples of each problem scored for the table at the end; 0: all."""
    decode_examples: int = 200
    """Most examples decoded for the decoded metrics of the final table; 0: none."""
    beam_size: int = 1
    """Outputs that beam search follows for the decoded metrics; 1: greedy."""
    resamples: int = 1000
    """Samples of the examples behind each interval of the final table."""

    def check(self) -> None:
        for field in ("steps", "examples", "final_examples", "decode_examples"):
            self.require(getattr(self, field) >= 0, field, ">= 0")
        self.require(self.beam_size >= 1, "beam_size", ">= 1")
        self.require(self.resamples >= 100, "resamples", ">= 100")
