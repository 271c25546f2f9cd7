"""The same steps on JAX, run in a process of its own and compared with the formulas in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, run_on_jax

pytestmark = NEEDS_JAX

ON_JAX = """
import sys
import keras, numpy as np
from t2t_multimodel.config import DecoupledDecayConfig, LossWeight, RateFactor, rates
from t2t_multimodel import Config, OptimizerConfig, TrainConfig
from t2t_multimodel.engines import jax as engines_jax
from t2t_multimodel.losses import ProblemLoss
from t2t_multimodel.engines.engine import averaged, make_engine, value_of

assert keras.backend.backend() == "jax"


class Linear:
    '''A loss whose gradient is what the batch holds; `half` leaves the second matrix alone.'''

    non_trainable_variables = []

    def __init__(self):
        self.trainable_variables = [
            keras.Variable(np.array([[1.0, -2.0], [0.5, 3.0]], "float32"), name=name)
            for name in ("first", "second")
        ]

    def loss(self, batch, problem, **_):
        first, second = self.trainable_variables
        loss = keras.ops.sum(batch["inputs"] * first)
        if problem == "whole":
            loss = loss + keras.ops.sum(batch["targets"] * second)
        return ProblemLoss(loss, {"xent": loss}, {})


engines_jax.problem_loss = Linear.loss


def engine_of(train=TrainConfig(), **fields):
    problems, optimizer = rates("whole", "half"), OptimizerConfig(**fields)
    config = Config(problems=problems, optimizer=optimizer, train=train)
    return make_engine(Linear(), config)


A = np.array([[0.1, -0.2], [0.3, 0.4]], "float32")


def step(engine, number, *problems):
    batch = {"inputs": A, "targets": 2 * A}
    for problem in problems:
        engine.add(engine.compute(problem, batch, number).gradients)
    return engine.update(0.01, number, {})


def values(engine):
    return {v.path: value_of(v) for v in engine._variables}


found, decay = {}, DecoupledDecayConfig(strength=0.1)
weights = (LossWeight(problem="half", weight=0.5),)
factors = (RateFactor(part="first", factor=0.5),)
plain = engine_of(clip_norm=0.0)
found["norm"] = step(plain, 0, "whole", "half")
step(plain, 1, "half")
found |= {f"plain/{k}": v for k, v in {**values(plain), **plain.state()}.items()}

weighted = engine_of(TrainConfig(loss_weights=weights), clip_norm=0.0)
step(weighted, 0, "whole", "half")
found["weighted/m"] = weighted.state()["m/first"]

decayed = engine_of(weight_decay=decay)
step(decayed, 0, "half")
found |= {f"decayed/{k}": v for k, v in values(decayed).items()}

slow = engine_of(clip_norm=0.0, weight_decay=decay, rate_factors=factors)
whole = engine_of(clip_norm=0.0, weight_decay=decay)
for name, engine in (("slow", slow), ("whole", whole)):
    step(engine, 0, "whole")
    found |= {f"{name}/{k}": v for k, v in values(engine).items()}

mean = engine_of(ema_decay=0.5)
for number in range(3):
    step(mean, number, "half")
    found[f"moved/{number}"] = values(mean)["first"]
found |= {f"mean/{k}": v for k, v in mean.averages().items()}
last = values(mean)
with averaged(mean._model, mean):
    found["inside"] = values(mean)["first"]
found["after"], found["last"] = values(mean)["first"], last["first"]

again = engine_of(ema_decay=0.5)
state, averages = mean.state(), mean.averages()
kept = {k: v.copy() for k, v in state.items()}
for variable in again._variables:
    variable.assign(averages[variable.path])
again.restore(state)
for engine in (mean, again):
    step(engine, 3, "whole")
assert all(np.array_equal(state[k], v) for k, v in kept.items())
for name, value in {**values(mean), **mean.averages(), **mean.state()}.items():
    other = {**values(again), **again.averages(), **again.state()}[name]
    assert np.array_equal(value, other), name
np.savez(sys.argv[1], **found)
"""
START = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
A = np.array([[0.1, -0.2], [0.3, 0.4]], "float32")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What the engine computed; that a restored one goes on equally is asserted over there."""
    file: Path = tmp_path_factory.mktemp("jax") / "found.npz"
    run_on_jax(ON_JAX, file)
    with np.load(file) as arrays:
        return dict(arrays)


def test_the_mean_over_micro_batches_is_applied(found: dict[str, np.ndarray]) -> None:
    # first: A from both; second: 2A from one of two
    assert found["norm"] == pytest.approx(np.linalg.norm([A, A]), rel=1e-5)
    m = 0.1 * A * 0.9 + 0.1 * A
    assert np.allclose(found["plain/m/first"], m, rtol=1e-5)
    assert np.allclose(found["plain/m/second"], 0.1 * A, rtol=1e-5)  # stood still in step 1


def test_a_weight_of_a_loss_scales_its_gradients(found: dict[str, np.ndarray]) -> None:
    assert np.allclose(found["weighted/m"], 0.1 * 0.75 * A, rtol=1e-5)


def test_decay_never_moves_a_matrix_without_a_gradient(found: dict[str, np.ndarray]) -> None:
    assert np.array_equal(found["decayed/second"], START)
    assert not np.array_equal(found["decayed/first"], START)


def test_a_part_learns_at_a_rate_of_its_own(found: dict[str, np.ndarray]) -> None:
    moved = found["whole/first"] - START
    assert np.allclose(found["slow/first"] - START, moved / 2, rtol=1e-4)
    assert np.array_equal(found["slow/second"], found["whole/second"])


def test_the_running_mean_follows_weights_that_move(found: dict[str, np.ndarray]) -> None:
    mean = START
    for step in range(3):
        decay = min(0.5, (2 + step) / (11 + step))
        mean = decay * mean + (1 - decay) * found[f"moved/{step}"]
    assert np.allclose(found["mean/first"], mean, rtol=1e-6)
    assert np.array_equal(found["mean/second"], START)
    assert np.array_equal(found["inside"], found["mean/first"])
    assert np.array_equal(found["after"], found["last"])
