"""Learning-rate schedules: pure functions of the step."""

from __future__ import annotations

import math
from typing import cast

from t2t_multimodel.config import OptimizerConfig
from t2t_multimodel.t2t.schedules import Scheme, T2TSchedule


def learning_rate(config: OptimizerConfig, step: int, steps: int, hidden_size: int) -> float:
    """The learning rate that Adam gets at a step.

    Args:
        config: peak, shape and warm-up.
        step: from 0.
        steps: length of the run, where `cosine` and `linear` end.
        hidden_size: channels of the body, for `t2t_noam`.
    """
    if config.schedule.startswith("t2t_"):
        schedule = T2TSchedule(
            scheme=cast(Scheme, config.schedule.removeprefix("t2t_")),
            hidden_size=hidden_size,
            warmup_steps=config.warmup_steps,
            train_steps=steps,
        )
        return schedule.adam_rate(config.learning_rate, step)
    warmup = max(1, config.warmup_steps)
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / warmup
    progress = min(1.0, (step - config.warmup_steps) / max(1, steps - config.warmup_steps))
    match config.schedule:
        case "rsqrt":  # Transformer's noam: equal to the warm-up's line at its end
            factor = math.sqrt(warmup / (step + 1))
        case "cosine":
            wave = 0.5 * (1 + math.cos(math.pi * progress))
            factor = config.final_fraction + (1 - config.final_fraction) * wave
        case "linear":
            factor = 1 - (1 - config.final_fraction) * progress
        case _:
            factor = 1.0
    return config.learning_rate * factor
