"""Models that are counted and traced, but never allocated."""

from __future__ import annotations

import keras
import pytest
from helpers.jax_process import NEEDS_JAX, run_on_jax
from helpers.small_models import OCTET, PROBLEMS, V1, batch_for

from t2t_multimodel import Config, MultiModel, MuonConfig, OptimizerConfig
from t2t_multimodel.config import rates
from t2t_multimodel.engines.engine import make_engine, slot_values
from t2t_multimodel.plan import footprint
from t2t_multimodel.plan.footprint import Shapes, count_parameters, footprints, symbolic

CONFIG = Config(problems=rates("any"), model=OCTET)
TRANSLATE, CLASSIFY, CAPTION = PROBLEMS[:3]


def shapes_of(problem: footprint.ProblemSignature, rows: int = 3) -> Shapes:
    return {name: array.shape for name, array in batch_for(problem, rows).items()}


def found(config: Config, *problems: footprint.ProblemSignature, rows: int = 3):
    shapes = {problem.name: shapes_of(problem, rows) for problem in problems}
    return footprints(config, problems, shapes)


def test_parameters_are_those_of_the_model() -> None:
    for config in (OCTET, V1):
        assert count_parameters(config, PROBLEMS) == MultiModel(config, PROBLEMS).count_params()


def test_nothing_is_allocated_nor_left_to_be() -> None:
    model = symbolic(lambda: MultiModel(OCTET, [TRANSLATE]))
    with keras.StatelessScope():
        pass  # at its end Keras gives values to variables that wait for them
    assert all(variable._value is None for variable in model.variables)


def test_the_policy_of_the_caller_holds_inside() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert symbolic(lambda: keras.config.dtype_policy().name) == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_problem_counts_the_layers_that_it_runs_through() -> None:
    total, _, by_problem = found(CONFIG, TRANSLATE, CLASSIFY)
    model = MultiModel(OCTET, [TRANSLATE, CLASSIFY])
    assert total == model.count_params()
    text, image, label = (
        model.nets[one.identity].count_params()
        for one in (TRANSLATE.inputs, CLASSIFY.inputs, CLASSIFY.targets)
    )
    # 4 experts of 2 x 24 x 16 weights; 2 of them idle in each mixture
    idle = 2 * 2 * 24 * 16
    translate, classify = by_problem["translate"], by_problem["classify"]
    assert translate.parameters == model.body.count_params() + text + 24
    assert translate.active == translate.parameters - 2 * idle
    # class labels leave after the encoder
    assert classify.parameters == model.body.encoder.count_params() + image + label
    assert classify.active == classify.parameters - idle


def test_activations_grow_with_the_rows() -> None:
    one, four = (
        found(CONFIG, TRANSLATE, rows=rows).footprints["translate"].activations for rows in (1, 4)
    )
    # one row of 7 + 7 positions, each with some fifty arrays of 24 floats
    assert 14 * 24 * 4 * 20 < one < 14 * 24 * 4 * 200
    assert 3.7 * one < four < 4.3 * one


def test_problems_with_the_same_nets_are_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    back = footprint.ProblemSignature("back", "to_x", TRANSLATE.targets, TRANSLATE.inputs)
    traced = []
    monkeypatch.setattr(
        footprint,
        "_footprint",
        lambda model, config, problem, shapes: traced.append((problem.name, shapes)),
    )
    shapes = {"translate": shapes_of(TRANSLATE, 2), "back": shapes_of(back, 5)}
    footprints(CONFIG, [TRANSLATE, back], shapes)
    assert traced == [("back", shapes["back"])]


def test_muon_keeps_no_second_moments_of_what_it_moves() -> None:
    total, by_adam, _ = found(CONFIG, CLASSIFY)
    assert by_adam == 2 * total
    method = OptimizerConfig(method=MuonConfig())
    config = CONFIG.replace(problems=rates("classify"), optimizer=method)
    state = make_engine(MultiModel(OCTET, [CLASSIFY]), config).state()
    kept = sum(array.size for array in state.values())
    assert slot_values(MultiModel(OCTET, [CLASSIFY]), config) == kept < 1.6 * total
    assert found(config, CLASSIFY).slots == kept
    averaging = config.replace(optimizer=method.replace(ema_decay=0.9))
    assert slot_values(MultiModel(OCTET, [CLASSIFY]), averaging) == kept + total


ON_JAX = """
from test_footprint import CONFIG, CLASSIFY, TRANSLATE, found
total, _, by_problem = found(CONFIG, TRANSLATE, CLASSIFY)
for one in by_problem.values():
    print(total, one.parameters, one.active, one.activations)
"""


@NEEDS_JAX
def test_jax_counts_the_same_and_keeps_about_as_much() -> None:
    printed = run_on_jax(ON_JAX)
    total, _, by_problem = found(CONFIG, TRANSLATE, CLASSIFY)
    for line, here in zip(printed.splitlines(), by_problem.values(), strict=True):
        there = list(map(int, line.split()))
        assert there[:3] == [total, here.parameters, here.active]
        # JAX's trace keeps what a compiler then fuses, and the gating's comparisons
        assert 0.7 * here.activations < there[3] < 2.5 * here.activations
