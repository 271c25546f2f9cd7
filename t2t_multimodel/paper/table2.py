"""Table 2: one joint model against one model for each problem, at like cost."""

from __future__ import annotations

from t2t_multimodel.config import Config
from t2t_multimodel.paper.experiment import Arm, Comparison, Experiment
from t2t_multimodel.paper.octet import LARGE, SMALL, config_of, joint, joint_config, those_of
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import micro_batches, steps_for, updates

TOLERANCE = 0.05
"""What counts as "similar": a log-perplexity that is at most 5 % worse."""


def table2(scale: Scale) -> Experiment:
    """Joint training is similar to single on large problems and better on small ones."""
    config = joint_config(scale)
    against = {
        "single_updates": ("equal updates of each problem", tuple(config.rates)),
        "single_compute": (
            "the joint run's whole compute for each",
            those_of(config, scale.compute_for),
        ),
        "single_two_experts": (
            "equal updates, 2 experts against 8",
            those_of(config, scale.experts_for),
        ),
    }
    return Experiment(
        name="table2",
        title="Table 2: joint against single",
        arms=(joint(scale), *_singles(scale, config)),
        comparisons=tuple(
            one for arm, (how, which) in against.items() for one in _against(arm, how, which)
        ),
        notes=(
            "single_updates: each problem alone, with as many micro-batches of it as the joint run "
            "had. All of these runs together cost what the joint run costs. single_compute: each "
            "alone, with as many micro-batches as the joint run had in all. single_two_experts: "
            "as single_updates, with a quarter of the experts, as the paper's single models had "
            "60 for 240. A step of a single run has one micro-batch; one of the joint run has "
            f"{config.batches_per_step}.",
            "Vocabulary, width and evaluation are the same in all arms. Every arm is scored at "
            "the last step of its own schedule.",
        ),
    )


def single(scale: Scale, problem: str) -> Arm:
    """One problem alone, with as many micro-batches as the joint run has of it."""
    own = config_of(scale, problem)
    return Arm(
        name=f"single_updates_{problem}",
        problems=(problem,),
        steps=steps_for(own, problem, updates(joint_config(scale), problem)),
        note="alone, equal updates",
    )


def _singles(scale: Scale, config: Config) -> list[Arm]:
    arms = []
    for problem in config.rates:
        alike = single(scale, problem)
        arms.append(alike)
        if problem in those_of(config, scale.compute_for):
            own = config_of(scale, problem)
            arms.append(
                Arm(
                    name=f"single_compute_{problem}",
                    problems=(problem,),
                    steps=steps_for(own, problem, micro_batches(config)),
                    note="alone, the joint run's compute",
                )
            )
        if problem in those_of(config, scale.experts_for):
            arms.append(
                Arm(
                    name=f"single_two_experts_{problem}",
                    problems=(problem,),
                    steps=alike.steps,
                    settings="model.moe.experts=2",
                    note="alone, equal updates, 2 experts for 8",
                )
            )
    return arms


def _against(arm: str, how: str, which: tuple[str, ...]) -> list[Comparison]:
    sentences = {
        f"On large problems the joint model is at most 5 % worse than single ones ({how}).": (
            LARGE,
            -TOLERANCE,
        ),
        f"On small problems the joint model is better than single ones ({how}).": (SMALL, 0.0),
    }
    return [
        Comparison(
            first="joint",
            second=f"{arm}_{{problem}}",
            problems=tuple(problem for problem in kind if problem in which),
            decides=sentence,
            margin=margin,
        )
        for sentence, (kind, margin) in sentences.items()
        if set(kind) & set(which)
    ]
