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
    large, small = those_of(config, LARGE), those_of(config, SMALL)
    return Experiment(
        name="table2",
        title="Table 2: joint against single",
        arms=(joint(scale), *_singles(scale, config)),
        comparisons=(
            *_against("single_updates", "equal updates of each problem", large, small),
            *_against("single_compute", "the joint run's whole compute for each", large, small),
            *_against("single_two_experts", "equal updates, 2 experts against 8", large, small),
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


def _singles(scale: Scale, config: Config) -> list[Arm]:
    arms = []
    for problem in config.rates:
        own, alike = config_of(scale, problem), updates(config, problem)
        equal = steps_for(own, problem, alike)
        whole = steps_for(own, problem, micro_batches(config))
        arms += [
            Arm(name=f"single_updates_{problem}", problems=(problem,), steps=equal),
            Arm(name=f"single_compute_{problem}", problems=(problem,), steps=whole),
            Arm(
                name=f"single_two_experts_{problem}",
                problems=(problem,),
                steps=equal,
                settings="model.moe.experts=2",
            ),
        ]
    return arms


def _against(
    arm: str, how: str, large: tuple[str, ...], small: tuple[str, ...]
) -> tuple[Comparison, ...]:
    sentences = {
        f"On large problems the joint model is at most 5 % worse than single ones ({how}).": (
            large,
            -TOLERANCE,
        ),
        f"On small problems the joint model is better than single ones ({how}).": (small, 0.0),
    }
    return tuple(
        Comparison(
            first="joint",
            second=f"{arm}_{{problem}}",
            problems=problems,
            decides=sentence,
            margin=margin,
        )
        for sentence, (problems, margin) in sentences.items()
        if problems
    )
