"""Free-running output."""

from __future__ import annotations

import dataclasses
from typing import Literal

from t2t_multimodel.config.base import Section

MOST_LENGTH = 32_768
"""Tokens of an output: the caches of all positions are laid out before the first one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecodeConfig(Section):
    """Settings by which an output is chosen among all that the model gives a probability."""

    method: Literal["greedy", "beam", "sample"] = "greedy"
    """greedy: the best token at each place. beam: the best of several sequences that are followed
    at once. sample: tokens drawn by their probability."""
    beam_size: int = 4
    """Sequences that beam search follows. One is greedy search."""
    alpha: float = 0.6
    """Beam search ranks by log-probability / ((5 + length) / 6) ** alpha (arXiv 1609.08144)."""
    nbest: int = 1
    """Outputs for each input: of the beam, independent samples, or best classes."""
    temperature: float = 1.0
    """Sampling divides logits by this: below 1 surer, above 1 more varied."""
    top_k: int = 0
    """Sampling draws from the k most probable tokens; 0: from all."""
    top_p: float = 1.0
    """Sampling draws from the fewest tokens that have this much probability together
    (arXiv 1904.09751); 1: from all."""
    ctc_weight: float | None = None
    """The weight of CTC, for problems that have it, from 0 to 1; none: as the model's
    `ctc_decoding` says, unless outputs are sampled."""
    grammar: bool = True
    """Outputs keep to the grammar of their feature, if it declares one (`Text.grammar`)."""
    max_length: int = 0
    """Longest output in tokens, the end included; 0: the longest that the problem allows."""
    seed: int = 0
    """The seed of sampling. The same batch and seed give the same outputs."""
    jit: bool = False
    """Compiles the loop over positions with XLA on TensorFlow: several times less work a token,
    but seconds at the start and for each new size of batch. JAX always does."""

    def check(self) -> None:
        for field in ("beam_size", "nbest"):
            self.require(getattr(self, field) >= 1, field, "1 or more")
        for field in ("top_k", "max_length", "seed", "alpha"):
            self.require(getattr(self, field) >= 0, field, "0 or more")
        weight = self.ctc_weight
        self.require(weight is None or 0 <= weight <= 1, "ctc_weight", "none, or from 0 to 1")
        self.require(
            self.method != "sample" or not weight, "ctc_weight", "none or 0 with method sample"
        )
        self.require(
            self.max_length <= MOST_LENGTH,
            "max_length",
            f"at most {MOST_LENGTH:,}: memory for all of it is taken at the start",
        )
        self.require(self.temperature > 0, "temperature", "above 0")
        self.require(0 < self.top_p <= 1, "top_p", "above 0 and at most 1")
        self.require(
            self.method != "beam" or self.nbest <= self.beam_size,
            "nbest",
            f"at most beam_size ({self.beam_size})",
        )
