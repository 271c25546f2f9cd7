"""Affinity: a joint run that measures what a step on one problem does to the losses of others."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Arm, Experiment
from t2t_multimodel.paper.octet import joint, joint_config
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.terminal import plural

_SHARE = 3
"""The joint run has so many times the steps of the run that measures."""


def affinity(scale: Scale) -> Experiment:
    """Which problems help or hurt each other, step by step."""
    every = plural(scale.affinity_steps, "step")
    steps = max(2, joint_config(scale).train.steps // _SHARE)
    return Experiment(
        name="affinity",
        title="Affinity: what a step on one problem does to another",
        arms=(
            Arm(
                name="affinity",
                problems=joint(scale).problems,
                steps=steps,
                settings=f"train.affinity_steps={scale.affinity_steps}",
                seeds=(0,),
                note=f"a third of the joint run, measured every {every}",
            ),
        ),
        comparisons=(),
        shows=("affinity",),
    )
