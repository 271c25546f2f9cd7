"""Learning-rate schedules: one of several kinds, all of which begin with a warm-up."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class _WarmUp(Section):
    warmup_steps: int = 4000
    """Steps of the warm-up: linear from 0 to the peak, or as Tensor2Tensor's scheme has it."""

    def check(self) -> None:
        self.require(self.warmup_steps >= 0, "warmup_steps", ">= 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Ending(_WarmUp):
    final_fraction: float = 0.05
    """Share of the peak that is left at the last training step."""

    def check(self) -> None:
        super().check()
        self.require(0 <= self.final_fraction <= 1, "final_fraction", "between 0 and 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConstantScheduleConfig(_WarmUp):
    """The peak, once the warm-up is over."""

    kind: ClassVar[str] = "constant"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RsqrtScheduleConfig(_WarmUp):
    """Transformer's noam, scaled to the peak: falls with the root of the step."""

    kind: ClassVar[str] = "rsqrt"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CosineScheduleConfig(_Ending):
    """Half a wave of the cosine from the peak to the end of the run."""

    kind: ClassVar[str] = "cosine"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinearScheduleConfig(_Ending):
    """A straight line from the peak to the end of the run."""

    kind: ClassVar[str] = "linear"


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TScheduleConfig(_WarmUp):
    """Tensor2Tensor's schedules; the learning rate is its own number, 500 times Adam's."""

    kind: ClassVar[str] = "t2t"

    scheme: Literal["noam", "none", "sqrt", "exp10k", "exp50k", "exp500k"] = "noam"
    """What comes after the warm-up, by Tensor2Tensor's name."""

    def check(self) -> None:
        super().check()
        self.require(
            self.scheme != "noam" or self.warmup_steps > 0, "warmup_steps", "> 0 with noam"
        )


ScheduleConfig = (
    ConstantScheduleConfig
    | RsqrtScheduleConfig
    | CosineScheduleConfig
    | LinearScheduleConfig
    | T2TScheduleConfig
)
"""Shape of the learning rate over the run."""
