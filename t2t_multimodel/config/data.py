"""How examples become batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from t2t_multimodel.config.base import Section
from t2t_multimodel.errors import unknown

Unit = Literal["tokens", "frames", "pixels", "examples"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchBudget(Section):
    """A budget that holds for one problem, in the common one's place."""

    problem: str
    """Whose micro-batches it bounds."""
    unit: Unit
    """The unit that is counted, as in `tokens_per_batch` and its like."""
    number: int
    """The most of them in a micro-batch."""

    def check(self) -> None:
        self.require(self.number > 0, "number", "> 0")


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
    budgets: tuple[BatchBudget, ...] = ()
    """Other budgets for single problems, written octet_ende:tokens:512+octet_image:examples:16."""
    max_examples: int = 0
    """Train examples of each problem that are used, a choice by the seed; 0: all."""
    bucket_growth: float = 1.15
    """Ratio of neighbouring length buckets: smaller pads less, larger mixes lengths more."""
    bucket_by: Literal["both", "longest"] = "both"
    """Lengths that are alike in a bucket: those of inputs and of targets, or only the one that
    takes most of the budget: fewer buckets, more padding, and short runs learn sooner."""
    workers: int = 0
    """Threads that read, decode and augment training batches ahead of the step; 0: one for each
    core, at most 8. The batches are the same whatever their number."""
    static_shapes: bool = False
    """Pad to the bucket's bound, so that few shapes occur; else to the batch's longest."""

    image_distort: float | None = None
    """Part by which images that are inputs are zoomed, shifted, turned and brightened in training;
    None: what each problem declares; 0: not."""
    sound_mask: float | None = None
    """Part of a log-mel sound up to which two stretches of time and two bands of frequency are
    hidden in training (SpecAugment, arXiv 1904.08779); None: what a problem declares; 0: none."""
    sound_warp: float | None = None
    """Rate by which the speed of log-mel speech varies in training, and its formants by half of
    it; None: what each problem declares; 0: not."""

    def check(self) -> None:
        for field in ("image_distort", "sound_mask", "sound_warp"):
            rate = getattr(self, field)
            self.require(rate is None or 0 <= rate < 1, field, "from 0 to below 1, or none")
        self.require(self.vocab_size is None or self.vocab_size >= 300, "vocab_size", ">= 300")
        self.require(self.bucket_growth > 1, "bucket_growth", "> 1")
        self.require(self.max_examples >= 0, "max_examples", ">= 0")
        self.require(self.workers >= 0, "workers", ">= 0")
        for field in ("tokens_per_batch", "frames_per_batch", "pixels_per_batch"):
            self.require(getattr(self, field) > 0, field, "> 0")
        self.require(self.examples_per_batch > 0, "examples_per_batch", "> 0")
        named = [(budget.problem, budget.unit) for budget in self.budgets]
        self.require(
            len({*named}) == len(named), "budgets", "a tuple that names each unit of a problem once"
        )

    def check_problems(self, names: Sequence[str]) -> None:
        """Raises `UserError` when a budget is for a problem that is not among the names."""
        for budget in self.budgets:
            if budget.problem not in names:
                raise unknown("problem of this run", budget.problem, names)

    def of(self, problem: str) -> DataConfig:
        """The same with the budgets that are the problem's own in the common ones' place."""
        own = [budget for budget in self.budgets if budget.problem == problem]
        return self.replace(budgets=(), **{f"{one.unit}_per_batch": one.number for one in own})
