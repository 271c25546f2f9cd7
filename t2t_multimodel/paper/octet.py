"""What the tables of the paper share: the octet's problems, and the joint arm."""

from __future__ import annotations

from t2t_multimodel.config import Config, rates
from t2t_multimodel.paper.experiment import Arm
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import base_config

SET = "octet_quick"
LARGE = ("octet_image", "octet_ende", "octet_deen", "octet_enfr", "octet_frde")
"""Problems with 10,000 train examples and more, but for trees, which the paper calls small."""
SMALL = ("octet_caption", "octet_speech", "octet_parse")


def joint_config(scale: Scale) -> Config:
    """The config of the joint arm: of `SET`, with the problems and steps that the scale has."""
    config = base_config(SET, scale).config
    if scale.problems:
        config = config.replace(problems=rates(*scale.problems))
    steps = scale.joint_steps or config.train.steps
    return config.replace(train=config.train.replace(steps=steps))


def joint(scale: Scale) -> Arm:
    """One model on all problems."""
    config = joint_config(scale)
    entries = tuple(f"{one.name}:{one.rate:g}" for one in config.problems)
    return Arm(
        name="joint",
        problems=entries,
        steps=scale.joint_steps,
        settings=scale.joint_settings,
        note="one model on all problems",
    )


def config_of(scale: Scale, *problems: str) -> Config:
    """The set's config for other problems, such as "octet_image:0.5"."""
    return base_config(SET, scale).config.replace(problems=rates(*problems))


def those_of(config: Config, problems: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some problems that a config has; of no problems all that it has."""
    return tuple(problem for problem in problems or config.rates if problem in config.rates)
