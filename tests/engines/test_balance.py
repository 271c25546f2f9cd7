"""Balancing biases: moved once a step, from the loads of all its micro-batches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, QUICK, run_on_jax
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel import Config, TrainConfig
from t2t_multimodel.config import rates
from t2t_multimodel.config.tree import updated
from t2t_multimodel.engines.balance import move_biases
from t2t_multimodel.engines.engine import Engine, make_engine, value_of
from t2t_multimodel.engines.micro_batch import Observed, summed_loads
from t2t_multimodel.layers.experts import MixtureOfExperts, MixtureSpec
from t2t_multimodel.layers.mode import Mode
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.multimodel import MultiModel

RATE = 0.05
TEXT = PROBLEMS[0]
CONFIG = Config(
    problems=rates("translate"),
    model=updated(
        FLAT_CONFIGS["octet"],
        {"moe.balance_rate": RATE, "body.mixer_pre_blocks": 0, "dropout": 0.0},
    ),
    train=TrainConfig(accumulate=2),
)


def one_bias(start: list[float]) -> Any:
    bias = keras.Variable(np.float32(start), name="bias", trainable=False)
    return SimpleNamespace(non_trainable_variables=[bias])


def loads_of(model: Any, *micro_batches: list[float]) -> dict[str, np.ndarray]:
    (bias,) = model.non_trainable_variables
    return summed_loads(Observed({}, {bias.path: np.float32(one)}) for one in micro_batches)


def test_experts_with_fewer_tokens_than_the_mean_are_preferred_from_then_on() -> None:
    model = one_bias([0.5, 0.0, 0.0, 0.0])
    move_biases(model, loads_of(model, [6, 2, 4, 4]), 0.125)
    assert model.non_trainable_variables[0].numpy().tolist() == [0.375, 0.125, 0.0, 0.0]


def test_a_bias_moves_once_by_the_sum_over_the_micro_batches() -> None:
    model = one_bias([0.0, 0.0])
    move_biases(model, loads_of(model, [3, 1], [3, 1], [0, 9]), 0.125)
    assert model.non_trainable_variables[0].numpy().tolist() == [0.125, -0.125]


def test_a_router_that_no_micro_batch_met_stands_still() -> None:
    model = one_bias([0.5, 0.25])
    move_biases(model, {}, 0.125)
    assert model.non_trainable_variables[0].numpy().tolist() == [0.5, 0.25]


def test_the_tokens_of_a_collapsed_router_spread() -> None:
    layer = MixtureOfExperts(24, MixtureSpec(4, 1, (16,), loss_weight=0.0, balanced=True))
    layer.build()
    x = np.abs(np.random.default_rng(0).normal(size=(1, 64, 24))).astype("float32")
    preference = np.zeros((24, 4), "float32")
    preference[:, 2] = 0.05
    layer.gating.gate.assign(preference)
    assert float(layer(x)[1].max_violation) == pytest.approx(3)
    for step in range(30):
        _, routing = layer(x, mode=Mode(True, StepSeed(step)))
        move_biases(layer, summed_loads([Observed({}, routing.loads)]), 0.1)
    _, after = layer(x, mode=Mode(True, StepSeed(99)))
    assert float(after.max_violation) < 0.5
    assert int(np.argmin(layer.gating.bias)) == 2


def new_engine() -> Engine:
    keras.utils.set_random_seed(3)
    model = MultiModel(CONFIG.model, [TEXT])
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if variable.path.endswith("gating/gate"):
            variable.assign(rng.normal(size=variable.shape))
    return make_engine(model, CONFIG)


def train(engine: Engine, steps: int, threads: int) -> dict[str, np.ndarray]:
    """Steps of two micro-batches; losses, norms, weights and moments afterwards."""
    found: dict[str, Any] = {}
    engine.compile("translate")
    with ThreadPoolExecutor(threads) as pool:
        for step in range(steps):
            draws = [2 * step, 2 * step + 1]
            batches = [batch_for(TEXT, seed=draw) for draw in draws]
            parts = list(pool.map(engine.compute, ["translate"] * 2, batches, draws))
            for computed in parts:
                engine.add(computed.gradients)
            seen = [computed.observed for computed in parts if computed.observed]
            found[f"loss{step}"] = [float(one.scalars["xent"]) for one in seen]
            found[f"norm{step}"] = engine.update(1e-3, step, summed_loads(seen))
    variables = engine._model.variables  # type: ignore[attr-defined]
    return {**found, **{v.path: value_of(v) for v in variables}, **engine.state()}


def biases(found: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [value for name, value in found.items() if name.endswith("gating/bias")]


def test_micro_batches_side_by_side_teach_the_same_to_the_last_bit() -> None:
    alone, beside = train(new_engine(), 4, threads=1), train(new_engine(), 4, threads=2)
    assert len(alone) > 100 and alone.keys() == beside.keys()
    assert [name for name in alone if not np.array_equal(alone[name], beside[name])] == []
    assert [np.abs(bias).max() > 0 for bias in biases(alone)] == [True, True]
    for bias in biases(alone):  # four steps, each up, down or not at all
        assert np.allclose(bias / RATE, np.round(bias / RATE), atol=1e-5)
        assert np.abs(bias).max() <= 4.001 * RATE


SCRIPT = """
import sys
import numpy as np
from keras import ops
from test_balance import StepSeed, new_engine, train

StepSeed.normal = lambda self, shape: ops.zeros(shape)  # the backends' draws differ
engine, (start, file) = new_engine(), sys.argv[1:]
with np.load(start) as values:
    for variable in engine._model.variables:
        variable.assign(values[variable.path])
np.savez(file, **train(engine, 3, threads=2))
"""


@NEEDS_JAX
def test_both_backends_learn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepSeed, "normal", lambda self, shape: keras.ops.zeros(shape))
    engine = new_engine()
    variables = engine._model.variables  # type: ignore[attr-defined]
    np.savez(tmp_path / "start.npz", **{v.path: value_of(v) for v in variables})
    here = train(engine, 3, threads=2)
    run_on_jax(SCRIPT, tmp_path / "start.npz", tmp_path / "jax.npz", **QUICK)
    with np.load(tmp_path / "jax.npz") as arrays:
        there = dict(arrays)
    assert here.keys() == there.keys()
    for name in (name for name in here if name[:4] in ("loss", "norm")):
        np.testing.assert_allclose(there[name], here[name], rtol=1e-4, err_msg=name)
    assert len(biases(here)) == 2
    for one, other in zip(biases(here), biases(there), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.any()
