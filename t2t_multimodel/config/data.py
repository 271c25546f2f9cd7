"""How examples become batches."""

from __future__ import annotations

import dataclasses

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig(Section):
    """Vocabulary size and budgets of one micro-batch."""

    vocab_size: int | None = None
    """Ids of every vocabulary; None: the size that each vocabulary declares."""
    tokens_per_batch: int = 2048
    """Rows x longest text (inputs or targets), padding included, of a micro-batch."""
    frames_per_batch: int = 16384
    """Rows x longest audio, in frames of 10 ms."""
    pixels_per_batch: int = 2_000_000
    """Rows x pixels of an image."""
    examples_per_batch: int = 256
    """Most rows of a micro-batch, whatever the lengths."""
    bucket_growth: float = 1.15
    """Ratio of neighbouring length buckets: smaller pads less, larger mixes lengths more."""
    static_shapes: bool = False
    """Pad to the bucket's bound, so that few shapes occur; else to the batch's longest."""

    def check(self) -> None:
        self.require(self.vocab_size is None or self.vocab_size >= 300, "vocab_size", ">= 300")
        self.require(self.bucket_growth > 1, "bucket_growth", "> 1")
        for field in ("tokens_per_batch", "frames_per_batch", "pixels_per_batch"):
            self.require(getattr(self, field) > 0, field, "> 0")
        self.require(self.examples_per_batch > 0, "examples_per_batch", "> 0")
