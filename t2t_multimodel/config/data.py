"""How examples become batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, get_args

from t2t_multimodel.config.base import Section
from t2t_multimodel.errors import UserError, unknown

Unit = Literal["tokens", "frames", "pixels", "examples"]


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
    budgets: tuple[str, ...] = ()
    """Other budgets for single problems: ("octet_ende:tokens:512", "octet_image:examples:16")."""
    max_examples: int = 0
    """Train examples of each problem that are used, a choice by the seed; 0: all."""
    bucket_growth: float = 1.15
    """Ratio of neighbouring length buckets: smaller pads less, larger mixes lengths more."""
    bucket_by: Literal["both", "longest"] = "both"
    """Lengths that are alike in a bucket: those of inputs and of targets, or only the one that
    takes most of the budget: fewer buckets, more padding, and short runs learn sooner."""
    static_shapes: bool = False
    """Pad to the bucket's bound, so that few shapes occur; else to the batch's longest."""

    def check(self) -> None:
        self.require(self.vocab_size is None or self.vocab_size >= 300, "vocab_size", ">= 300")
        self.require(self.bucket_growth > 1, "bucket_growth", "> 1")
        self.require(self.max_examples >= 0, "max_examples", ">= 0")
        for field in ("tokens_per_batch", "frames_per_batch", "pixels_per_batch"):
            self.require(getattr(self, field) > 0, field, "> 0")
        self.require(self.examples_per_batch > 0, "examples_per_batch", "> 0")
        for entry in self.budgets:
            parse_budget(entry)

    def check_problems(self, names: Sequence[str]) -> None:
        """Raises `UserError` when a budget is for a problem that is not among the names."""
        for entry in self.budgets:
            name = parse_budget(entry)[0]
            if name not in names:
                raise unknown("problem of this run", name, names)

    def of(self, problem: str) -> DataConfig:
        """The same with the budgets that are the problem's own in the common ones' place."""
        own = [parse_budget(entry)[1:] for entry in self.budgets if entry.startswith(f"{problem}:")]
        return self.replace(budgets=(), **{f"{unit}_per_batch": number for unit, number in own})


def parse_budget(entry: str) -> tuple[str, str, int]:
    """("octet_ende:tokens:512") -> ("octet_ende", "tokens", 512)."""
    name, _, rest = entry.partition(":")
    unit, _, number = rest.partition(":")
    if not (unit in get_args(Unit) and number.isdecimal() and int(number) > 0):
        raise UserError(
            f"DataConfig.budgets: {entry!r} is not of the form problem:unit:number.",
            fix=f"Units are {', '.join(get_args(Unit))}: "
            "--hparams=data.budgets=octet_ende:tokens:512+octet_image:examples:16",
        )
    return name, unit, int(number)
