"""Parts that learn slower, or not at all."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel import Config, OptimizerConfig, UserError
from t2t_multimodel.config import DecoupledDecayConfig, RateFactor, rates
from t2t_multimodel.config.tree import updated
from t2t_multimodel.engines.engine import make_engine, value_of
from t2t_multimodel.engines.micro_batch import summed_loads
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.train.parts import freeze, parts_for, parts_of

TRANSLATE, CLASSIFY, CAPTION = PROBLEMS[:3]
BALANCED = updated(FLAT_CONFIGS["octet"], {"moe.balance_rate": 0.1})


def config_of(*problems: str, **factors: float) -> Config:
    optimizer = OptimizerConfig(
        rate_factors=tuple(
            RateFactor(part=part, factor=factor) for part, factor in factors.items()
        ),
        weight_decay=DecoupledDecayConfig(strength=0.1),
        ema_decay=0.9,
    )
    return Config(problems=rates(*problems), model=BALANCED, optimizer=optimizer)


def test_parts_are_the_body_nets_and_commands() -> None:
    model = MultiModel(BALANCED, [TRANSLATE, CLASSIFY])
    assert list(parts_of(model)) == [
        "body",
        "text_shared_30_1a2b",
        "image",
        "class_label_pictures",
        "command_to_german",
        "command_to_label",
    ]
    assert parts_for(model, TRANSLATE) == ["body", "text_shared_30_1a2b", "command_to_german"]
    assert parts_for(model, CLASSIFY) == ["body", "image", "class_label_pictures"]
    assert {variable.path.split("/")[1] for variable in model.variables} == parts_of(model).keys()


def moved_by_a_step(names: tuple[str, ...], **factors: float) -> tuple[set[str], set[str]]:
    """The parts that a step of translation and labels moves, and those of averages and slots."""
    keras.utils.set_random_seed(0)
    model = MultiModel(BALANCED, [TRANSLATE, CLASSIFY])
    config = config_of(*names, **factors)
    freeze(model, config)
    engine = make_engine(model, config)
    before = {v.path: value_of(v) for v in model.variables}
    trained = [one for one in (TRANSLATE, CLASSIFY) if one.name in config.trained]
    found = [engine.compute(one.name, batch_for(one), 0) for one in trained]
    for computed in found:
        engine.add(computed.gradients)
    engine.update(0.1, 0, summed_loads(computed.observed for computed in found))
    moved = {v.path for v in model.variables if not np.array_equal(value_of(v), before[v.path])}
    kept = {*engine.averages(), *(name.partition("/")[2] for name in engine.state())}
    return {path.split("/")[1] for path in moved}, {path.split("/")[1] for path in kept}


def test_frozen_parts_stay_where_they_are_and_keep_no_slots() -> None:
    frozen = {"body": 0.0, "text_shared_30_1a2b": 0.0, "command_to_german": 0.0}
    free = {"image", "class_label_pictures", "command_to_label"}
    moved, kept = moved_by_a_step(("translate:0", "classify"), **frozen)
    assert moved == {"image", "class_label_pictures"}
    assert kept == free


def test_a_frozen_part_lets_gradients_through_to_others() -> None:
    moved, _ = moved_by_a_step(("translate", "classify:0"), body=0.0, text_shared_30_1a2b=0.0)
    assert moved == {"command_to_german"}


def test_without_factors_all_that_is_read_moves_routers_balance_included() -> None:
    moved, kept = moved_by_a_step(("translate", "classify"))
    assert moved == kept - {"command_to_label"}  # a class net reads the encoder


def test_a_factor_of_no_part_is_refused() -> None:
    model = MultiModel(BALANCED, [TRANSLATE])
    with pytest.raises(UserError) as caught:
        freeze(model, config_of("translate", bodi=0.0))
    assert str(caught.value) == (
        "No part of this model is named 'bodi'. Did you mean 'body'?\n"
        "Known: body, command_to_german, text_shared_30_1a2b."
    )


def test_a_problem_that_nothing_learns_for_is_refused() -> None:
    model = MultiModel(BALANCED, [TRANSLATE, CAPTION])
    old = {"body": 0.0, "text_shared_30_1a2b": 0.0, "command_to_german": 0.0}
    freeze(model, config_of("translate:0", "caption", **old))
    with pytest.raises(UserError) as caught:
        freeze(model, config_of("translate", "caption", **old))
    assert str(caught.value) == (
        "Nothing is left to train for translate: body, text_shared_30_1a2b, command_to_german are "
        "all frozen.\nLeave one of them out of optimizer.rate_factors, or give it more than 0 "
        "(mm-add-task: --body=slow)."
    )


def test_a_part_thaws_again() -> None:
    model: Any = MultiModel(BALANCED, [TRANSLATE])
    every = len(model.trainable_variables)
    freeze(model, config_of("translate", body=0.0))
    assert len(model.trainable_variables) < every
    freeze(model, config_of("translate", body=0.5))
    assert len(model.trainable_variables) == every


ON_JAX = """
import keras
from test_parts import moved_by_a_step
assert keras.backend.backend() == "jax"
frozen = {"body": 0.0, "text_shared_30_1a2b": 0.0, "command_to_german": 0.0}
print(*map(sorted, moved_by_a_step(("translate:0", "classify"), **frozen)), sep="\\n")
"""


@NEEDS_JAX
def test_the_same_parts_move_on_jax() -> None:
    moved, kept = run_on_jax(ON_JAX, **QUICK).splitlines()
    assert moved == "['class_label_pictures', 'image']"
    assert kept == "['class_label_pictures', 'command_to_label', 'image']"
