"""Learning-rate schedules: pure functions of the step."""

from __future__ import annotations

import math

from t2t_multimodel.config import (
    CosineScheduleConfig,
    LinearScheduleConfig,
    OptimizerConfig,
    RsqrtScheduleConfig,
    T2TScheduleConfig,
)
from t2t_multimodel.t2t.schedules import T2TSchedule


def learning_rate(config: OptimizerConfig, step: int, steps: int, hidden_size: int) -> float:
    """The learning rate that Adam gets at a step.

    Args:
        config: peak, shape and warm-up.
        step: from 0.
        steps: length of the run, where `cosine` and `linear` end.
        hidden_size: channels of the body, for T2T's noam.
    """
    schedule, peak = config.schedule, config.learning_rate
    warmup = schedule.warmup_steps
    if isinstance(schedule, T2TScheduleConfig):
        theirs = T2TSchedule(
            scheme=schedule.scheme, hidden_size=hidden_size, warmup_steps=warmup, train_steps=steps
        )
        return theirs.adam_rate(peak, step)
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    match schedule:
        case RsqrtScheduleConfig():  # Transformer's noam: equal to the warm-up's line at its end
            factor = math.sqrt(max(1, warmup) / (step + 1))
        case CosineScheduleConfig(final_fraction=final):
            factor = final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))
        case LinearScheduleConfig(final_fraction=final):
            factor = 1 - (1 - final) * progress
        case _:
            factor = 1.0
    return peak * factor
