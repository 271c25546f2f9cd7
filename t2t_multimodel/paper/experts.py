"""Experts: which of them serve which problem in the joint run, and how that came to be."""

from __future__ import annotations

from t2t_multimodel.paper.experiment import Experiment
from t2t_multimodel.paper.octet import joint
from t2t_multimodel.paper.scales import Scale


def experts(scale: Scale) -> Experiment:
    """What the routers of the joint run chose for each problem."""
    return Experiment(
        name="experts",
        title="Experts: which of them serve which problem",
        arms=(joint(scale),),
        comparisons=(),
        shows=("experts",),
    )
