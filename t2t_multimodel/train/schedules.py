"""Learning-rate schedules: pure functions of the step."""

from __future__ import annotations

import math

from t2t_multimodel.config import OptimizerConfig


def learning_rate(config: OptimizerConfig, step: int, steps: int) -> float:
    """The learning rate of a step.

    Args:
        config: peak, shape and warm-up.
        step: from 0.
        steps: length of the run, where `cosine` and `linear` end.
    """
    warmup = max(1, config.warmup_steps)
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / warmup
    progress = min(1.0, (step - config.warmup_steps) / max(1, steps - config.warmup_steps))
    match config.schedule:
        case "constant":
            factor = 1.0
        case "rsqrt":  # Transformer's noam: equal to the warm-up's line at its end
            factor = math.sqrt(warmup / (step + 1))
        case "cosine":
            wave = 0.5 * (1 + math.cos(math.pi * progress))
            factor = config.final_fraction + (1 - config.final_fraction) * wave
        case "linear":
            factor = 1 - (1 - config.final_fraction) * progress
    return config.learning_rate * factor
