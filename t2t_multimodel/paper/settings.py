"""The config of an arm: its set, changed by the scale, then by the arm's own settings."""

from __future__ import annotations

from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.overrides import Overrides, Resolved, of_set, resolve
from t2t_multimodel.paper.experiment import Arm
from t2t_multimodel.paper.scales import Scale


def base_config(hparams_set: str, scale: Scale) -> Resolved:
    """A set at a scale, with the origin of each value."""
    base = of_set(hparams_set)
    config = scale.change(base.config)
    before, now = flatten(base.config), flatten(config)
    changed = {name for name, value in now.items() if before.get(name) != value}
    origins = {name: base.origins.get(name, "default") for name in now}
    return Resolved(hparams_set, config, origins | dict.fromkeys(changed, f"scale {scale.name}"))


def resolved_arm(arm: Arm, scale: Scale, seed: int) -> Resolved:
    """Everything that a run of the arm is made from.

    Raises:
        UserError: the arm names a problem, a set or a setting that is not there, or a setting that
            changes nothing in it.
    """
    base = base_config(arm.hparams_set, scale)
    own = resolve(
        base,
        Overrides(problems=arm.problems, hparams=arm.settings, train_steps=arm.steps),
    )
    return resolve(own, Overrides(hparams=f"train.seed={seed}"))


def updates(config: Config, problem: str) -> int:
    """Micro-batches of a problem in a whole run, to the nearest one, at least 1."""
    share = config.rates[problem] / sum(config.rates.values())
    return max(1, round(config.train.steps * config.batches_per_step * share))


def steps_for(config: Config, problem: str, wanted: int) -> int:
    """Steps after which a problem of the config has had so many micro-batches.

    Args:
        config: of the run; its own number of steps plays no part.
        problem: one of its problems.
        wanted: micro-batches.
    """
    share = config.rates[problem] / sum(config.rates.values())
    return max(1, round(wanted / (share * config.batches_per_step)))


def micro_batches(config: Config) -> int:
    """Micro-batches of a whole run, all problems together: what its compute is counted in."""
    return config.train.steps * config.batches_per_step
