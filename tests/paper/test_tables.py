"""The paper's tables as they are declared: arms that can be made, at the cost that they claim."""

from __future__ import annotations

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.config import DenseComputeConfig, DenseParamsConfig, ExpertsConfig
from t2t_multimodel.paper.scales import SCALES, Scale, scale_named
from t2t_multimodel.paper.settings import micro_batches, resolved_arm, updates
from t2t_multimodel.paper.tables import TABLES, tables_named

CPU = SCALES["cpu"]


def configs(table: str, scale: Scale = CPU) -> dict:
    (experiment,) = tables_named(table, scale)
    return {arm.name: resolved_arm(arm, scale, 0).config for arm in experiment.arms}


@pytest.mark.parametrize("scale", SCALES.values(), ids=list(SCALES))
@pytest.mark.parametrize("table", TABLES)
def test_every_arm_can_be_made_at_every_scale(table: str, scale: Scale) -> None:
    (experiment,) = tables_named(table, scale)
    for arm in experiment.arms:
        resolved = resolved_arm(arm, scale, 5)
        assert resolved.config.train.seed == 5
        assert scale.cost.seconds(resolved.config) > 0


def test_tables_mean_the_same_arm_by_one_name() -> None:
    arms = [arm for experiment in tables_named("all", CPU) for arm in experiment.arms]
    assert len(set(arms)) == len({arm.name for arm in arms})


def test_single_arms_of_table_2_have_the_cost_that_they_claim() -> None:
    found = configs("table2")
    joint = found["joint"]
    for problem in joint.rates:
        assert micro_batches(found[f"single_updates_{problem}"]) == updates(joint, problem)
    for problem in CPU.compute_for:
        assert micro_batches(found[f"single_compute_{problem}"]) == micro_batches(joint)
    for problem in CPU.experts_for:
        fewer = found[f"single_two_experts_{problem}"]
        assert micro_batches(fewer) == updates(joint, problem)
        assert fewer.model.moe.experts == 2
    together = sum(micro_batches(found[f"single_updates_{one}"]) for one in joint.rates)
    assert together == pytest.approx(micro_batches(joint), abs=len(joint.rates))


@pytest.mark.parametrize(
    ("word", "problems"),
    [
        ("trees", ("octet_parse", "control_parse_tenth")),
        ("captions", ("octet_caption",)),
        ("speech", ("octet_speech",)),
    ],
)
def test_every_arm_of_a_small_problem_in_table_3_sees_it_as_often(
    word: str, problems: tuple[str, ...]
) -> None:
    found = configs("table3")
    joint = found["joint"]
    seen = {
        name: updates(config, problem)
        for name, config in found.items()
        for problem in config.rates
        if problem in problems
    }
    own = {name for name in found if name.startswith(f"{word}_")}
    assert own | {"joint", f"single_updates_{problems[0]}"} <= seen.keys()
    assert set(seen.values()) == {updates(joint, problems[0])}
    assert found[f"{word}_full_dropout"].model.dropout == 2 * joint.model.dropout


def test_the_dense_arms_of_table_4_match_the_experts() -> None:
    found = configs("table4")
    experts = found["all_blocks"].model.moe
    assert isinstance(experts, ExpertsConfig)
    assert found["dense_params"].model.moe == DenseParamsConfig(
        experts=experts.experts, hidden=experts.hidden
    )
    assert found["dense_compute"].model.moe == DenseComputeConfig(
        per_token=experts.per_token, hidden=experts.hidden
    )
    seen = {
        updates(config, problem)
        for name, config in found.items()
        for problem in config.rates
        if problem == "octet_image" or not name.startswith("decoder")
    }
    assert max(seen) - min(seen) <= 1
    assert max(seen) == CPU.ablation_batches


def test_the_controls_are_there_for_all_trees_and_for_a_tenth() -> None:
    found = configs("table3")
    for share, trees in (("full", "octet_parse"), ("tenth", "control_parse_tenth")):
        for control, other in (("shuffled", "control_image_shuffled"), ("text", "octet_frde")):
            assert list(found[f"trees_{share}_{control}"].rates) == [trees, other]
        assert list(found[f"trees_{share}_dropout"].rates) == [trees]


def test_one_seed_of_all_tables_costs_below_three_hours() -> None:
    arms = {arm.name: arm for one in tables_named("all", CPU) for arm in one.arms}
    cost = sum(CPU.cost.seconds(resolved_arm(arm, CPU, 0).config) for arm in arms.values())
    assert 9_500 < cost < 3 * 3600


def test_a_scale_without_lists_takes_every_problem_of_the_joint_run() -> None:
    full = SCALES["full"]
    found = configs("table2", full)
    problems = list(found["joint"].rates)
    assert len(problems) == 8
    kinds = ("updates", "compute", "two_experts")
    assert found.keys() == {"joint", *(f"single_{k}_{p}" for k in kinds for p in problems)}
    assert found["joint"].train.steps == 1800


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        tables_named("tabel2", CPU)
    assert str(caught.value).startswith("No table is named 'tabel2'. Did you mean 'table2'")
    with pytest.raises(UserError) as caught:
        scale_named("cpus")
    assert (
        str(caught.value)
        == "No scale is named 'cpus'. Did you mean 'cpu'?\nKnown: cpu, full, smoke."
    )
