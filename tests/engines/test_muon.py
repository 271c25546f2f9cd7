"""Muon, compared with its formulas in numpy, on TensorFlow, on JAX, and on a mesh."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.jax_process import NEEDS_JAX, run_on_jax
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import Config, MuonConfig, OptimizerConfig
from t2t_multimodel.config import DecoupledDecayConfig, RateFactor, rates
from t2t_multimodel.engines.engine import make_engine, value_of
from t2t_multimodel.engines.muon import directions, moves_by_muon, orthogonal, scale
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.losses import ProblemLoss
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.plan.footprint import symbolic

MUON = OptimizerConfig(
    method=MuonConfig(),
    learning_rate=2e-3,
    weight_decay=DecoupledDecayConfig(strength=0.1),
    ema_decay=0.9,
    clip_norm=0.5,
)
SHAPES = {
    "body/output/kernel": (6, 6),
    "body/step/pointwise": (4, 9),
    "body/mixture/experts_kernel0": (4, 5, 3),
    "body/step/depthwise": (3, 4),
    "body/norm/scale": (5,),
    "text/embedding": (7, 4),
    "labels/classes/kernel": (4, 3),
}
MATRICES = list(SHAPES)[:3]
SIZES = [math.prod(shape) for shape in SHAPES.values()]


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(math.prod(shape)).normal(size=shape).astype(np.float32)


class Linear:
    """A loss whose gradients are what the batch holds."""

    non_trainable_variables: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.trainable_variables = []
        for path, shape in SHAPES.items():
            *scopes, name = path.split("/")
            with contextlib.ExitStack() as stack:
                for scope in scopes:
                    stack.enter_context(keras.name_scope(scope))
                self.trainable_variables.append(keras.Variable(normal(*shape), name=name))
        values = Signature("made", "made", 0, (sum(SIZES),), 1, "float32")
        self.problems = {"made": ProblemSignature("made", "made", values, values)}

    def loss(self, batch: Any, problem: str, **_: Any) -> ProblemLoss:
        parts = keras.ops.split(batch["inputs"][0], list(np.cumsum(SIZES)[:-1]))
        loss = sum(
            keras.ops.sum(keras.ops.reshape(part, variable.shape) * variable)
            for part, variable in zip(parts, self.trainable_variables, strict=True)
        )
        return ProblemLoss(loss, {"xent": loss}, {})


@pytest.fixture(autouse=True)
def losses_of_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("t2t_multimodel.engines.tensorflow.problem_loss", Linear.loss)


def engine_of(optimizer: OptimizerConfig = MUON) -> Any:
    model: Any = Linear()
    return make_engine(model, Config(problems=rates("made"), optimizer=optimizer))


def gradients_of(number: int) -> dict[str, np.ndarray]:
    """Unlike from step to step; the second expert gets none."""
    found = {
        path: (number + 1) * normal(*shape, 2 + number)[..., 1] for path, shape in SHAPES.items()
    }
    found["body/mixture/experts_kernel0"][1] = 0.0
    return found


def step(engine: Any, number: int) -> float:
    """One step at half of the peak."""
    flat = np.concatenate([one.ravel() for one in gradients_of(number).values()])
    one = np.ones(1, np.int32)
    batch = {"inputs": flat[None], "targets": flat[None]}
    batch |= {"inputs_length": one, "targets_length": one}
    engine.add(engine.compute("made", batch, number).gradients)
    return engine.update(1e-3, number, {})


def weights(engine: Any) -> dict[str, np.ndarray]:
    return {v.path: value_of(v) for v in engine._model.trainable_variables}


def newton_schulz(x: np.ndarray) -> np.ndarray:
    """The iteration of one matrix, from the wide side, in double precision."""
    if x.shape[0] > x.shape[1]:
        return newton_schulz(x.T).T
    x = x.astype(np.float64) / (np.linalg.norm(x) + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(24, 24), (12, 40), (40, 12), (3, 16, 24)])
def test_singular_values_come_near_to_one(shape: tuple[int, ...]) -> None:
    left, values, right = np.linalg.svd(normal(*shape), full_matrices=False)
    x = (left * np.geomspace(0.1, 2, values.shape[-1], dtype=np.float32)) @ right
    found = np.asarray(orthogonal(keras.ops.convert_to_tensor(x)))
    after = np.linalg.svd(found, compute_uv=False)
    assert 0.6 < after.min() and after.max() < 1.25
    one_by_one = [newton_schulz(one) for one in x.reshape(-1, *shape[-2:])]
    assert np.allclose(found, np.reshape(one_by_one, shape), atol=1e-5)


def test_a_matrix_of_zeros_stays_as_it_is() -> None:
    zeros = keras.ops.zeros((2, 3, 4))
    assert not np.asarray(orthogonal(zeros)).any()


def test_maps_to_more_channels_move_farther() -> None:
    assert [scale(shape) for shape in [(4, 16), (16, 4), (3, 4, 36)]] == [2.0, 1.0, 3.0]


def test_an_expert_that_no_token_came_to_stands_still() -> None:
    gradient, momentum = normal(3, 4, 5), normal(5, 4, 3).reshape(3, 4, 5)
    gradient[1] = 0.0
    new, moves = directions(MUON, {7: gradient}, {7: momentum})
    assert np.array_equal(np.asarray(new[7])[1], momentum[1])
    assert not np.asarray(moves[7])[1].any()
    for expert in (0, 2):
        moved = 0.95 * momentum[expert] + 0.05 * gradient[expert]
        assert np.allclose(np.asarray(new[7])[expert], moved, atol=1e-6)
        ahead = newton_schulz(0.95 * moved + 0.05 * gradient[expert])
        assert np.allclose(np.asarray(moves[7])[expert], np.sqrt(5 / 4) * ahead, atol=1e-5)


def test_the_maps_between_hidden_channels_are_its_own() -> None:
    config = FLAT_CONFIGS["octet"].replace(ctc_weight=1.0)
    spellings = {PROBLEMS[3].targets.identity: np.zeros((30, 1), np.uint8)}
    made = symbolic(lambda: MultiModel(config, [PROBLEMS[1], PROBLEMS[3]], spellings))
    shapes = {v.path: tuple(v.shape) for v in made.trainable_variables}
    moved = {path for path, shape in shapes.items() if moves_by_muon(MUON, path, shape)}
    assert {path.rpartition("/")[2] for path in moved} == {
        *("kernel", "pointwise", "experts_kernel0", "experts_kernel1")
    }
    left = {path.rpartition("/")[2] for path in shapes.keys() - moved}
    assert left == {
        *("depthwise", "scale", "bias", "gate", "noise", "embedding", "token", "kernel")
    }
    kernels = [path for path in shapes.keys() - moved if path.endswith("/kernel")]
    assert {path for path in kernels if len(shapes[path]) == 2} == {
        "multimodel/class_label_pictures/classes/kernel",
        "multimodel/ctc_audio_log_mel_8000_6/classes/kernel",
    }
    assert not any(moves_by_muon(OptimizerConfig(), *one) for one in shapes.items())


def test_a_step_is_muons_for_matrices_and_adams_for_the_rest() -> None:
    engine, by_adam = engine_of(), engine_of(MUON.replace(method=OptimizerConfig().method))
    start = weights(engine)
    norm = step(engine, 0)
    assert norm == step(by_adam, 0) > 0.5  # so it is clipped
    rate, kernel = 0.02 / 2, "body/output/kernel"
    momentum = 0.05 * gradients_of(0)[kernel] * 0.5 / norm
    weight = start[kernel] * (1 - rate * 0.1) - rate * newton_schulz(momentum)
    assert np.allclose(weights(engine)[kernel], weight, atol=1e-6)
    assert np.allclose(engine.state()[f"m/{kernel}"], momentum, atol=1e-7)
    mean = 2 / 11 * start[kernel] + 9 / 11 * weight
    assert np.allclose(engine.averages()[kernel], mean, atol=1e-6)
    for path in SHAPES:
        alike = np.array_equal(weights(engine)[path], weights(by_adam)[path])
        assert alike == (path not in MATRICES)
        assert (f"v/{path}" in engine.state()) == (path not in MATRICES)


def test_a_slower_part_is_slower_under_muon_too() -> None:
    slow = engine_of(MUON.replace(rate_factors=(RateFactor(part="body", factor=0.5),)))
    whole, start = engine_of(), weights(slow)
    for engine in (slow, whole):
        step(engine, 0)
    for path in MATRICES:
        half, full = (weights(engine)[path] - start[path] for engine in (slow, whole))
        assert full.any() and np.allclose(2 * half, full, atol=1e-6)


def test_a_restored_engine_goes_on_to_the_last_bit() -> None:
    first, again = engine_of(), engine_of()
    for number in range(2):
        step(first, number)
    for variable in again._model.trainable_variables:
        variable.assign(first.averages()[variable.path])
    again.restore(first.state())
    for engine in (first, again):
        step(engine, 2)
    found = [{**weights(one), **one.averages(), **one.state()} for one in (first, again)]
    assert all(np.array_equal(found[1][name], value) for name, value in found[0].items())


ON_JAX = """
import sys
import numpy as np
import test_muon
from t2t_multimodel import Config
from t2t_multimodel.config import ExpertsConfig, ModelConfig
from t2t_multimodel.config.notation import read_distribution
from t2t_multimodel.engines import devices, jax

jax.problem_loss = test_muon.Linear.loss
file, *wanted = sys.argv[1:]
config = Config(problems=test_muon.rates("made"), optimizer=test_muon.MUON)
if wanted:
    train = config.train.replace(distribution=read_distribution(*wanted))
    config = config.replace(train=train, model=ModelConfig(moe=ExpertsConfig(experts=4)))
group = devices.set_up(config)
engine = devices.make_engine(test_muon.Linear(), config, group)
for number in range(3):
    test_muon.step(engine, number)
experts = engine._momenta[2]
found = {**test_muon.weights(engine), **engine.state()}
np.savez(file, **found, shard=experts.sharding.shard_shape(experts.shape))
"""


@NEEDS_JAX
@pytest.mark.parametrize("mesh", [(), ("experts:2",)], ids=["one device", "a mesh"])
def test_jax_makes_the_steps_of_tensorflow(tmp_path: Path, mesh: tuple[str, ...]) -> None:
    engine, file = engine_of(), tmp_path / "found.npz"
    for number in range(3):
        step(engine, number)
    flags = "--xla_force_host_platform_device_count=2"
    run_on_jax(ON_JAX, file, *mesh, XLA_FLAGS=flags)
    here = {**weights(engine), **engine.state()}
    with np.load(file) as there:
        assert {*there} == {*here, "shard"}
        assert tuple(there["shard"]) == ((2, 5, 3) if mesh else (4, 5, 3))
        for name, value in here.items():
            assert np.abs(there[name] - value).max() < 1e-5, name
