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
    """The config of the joint arm: of `SET`, with the problems that the scale has."""
    config = base_config(SET, scale).config
    kept = tuple(one for one in config.problems if not scale.problems or one.name in scale.problems)
    return config.replace(problems=kept)


def joint(scale: Scale) -> Arm:
    """One model on all problems."""
    config = joint_config(scale)
    entries = tuple(f"{one.name}:{one.rate:g}" for one in config.problems)
    return Arm(
        name="joint",
        problems=entries,
        settings=scale.joint_settings,
        note="one model on all problems, at the set's rates",
    )


def config_of(scale: Scale, *problems: str) -> Config:
    """The set's config for other problems, such as "octet_image:0.5"."""
    return base_config(SET, scale).config.replace(problems=rates(*problems))


def those_of(config: Config, problems: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some problems that a config has."""
    return tuple(problem for problem in problems if problem in config.rates)
