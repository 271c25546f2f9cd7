"""One optimizer step, compared with the formulas in numpy."""

from __future__ import annotations

import gc
import logging
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from t2t_multimodel import Config, OptimizerConfig, TrainConfig
from t2t_multimodel.config import (
    DecoupledDecayConfig,
    LossWeight,
    RateFactor,
    Section,
    T2TDecayConfig,
    rates,
)
from t2t_multimodel.engines.engine import averaged, parallel_batches
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.losses import ProblemLoss

tf = pytest.importorskip("tensorflow")

START = {
    "matrix": np.array([[1.0, -2.0], [0.5, 3.0]]),
    "vector": np.array([4.0, -1.0]),
    "other": np.array([[2.0, 1.0], [-3.0, 0.5]]),
}


def signature(name: str) -> ProblemSignature:
    matrix = Signature("made", "made", 0, (2, 2), 1, "float32")
    vector = Signature("made", "made", 0, (2,), 1, "float32")
    return ProblemSignature(name, name, matrix, vector)


class Linear:
    """A loss whose gradient is what the batch holds; `half` leaves the vector alone.

    Nothing touches the other matrix but the problem `rest`.
    """

    def __init__(self) -> None:
        self.trainable_variables = [
            SimpleNamespace(path=name, value=tf.Variable(value, dtype=tf.float32))
            for name, value in START.items()
        ]
        self.problems = {name: signature(name) for name in ("whole", "half", "rest")}

    def loss(self, batch: Any, problem: str, **_: Any) -> ProblemLoss:
        matrix, vector, other = (variable.value for variable in self.trainable_variables)
        if problem == "rest":
            return ProblemLoss(tf.reduce_sum(other), {"xent": tf.zeros(())}, {})
        loss = tf.reduce_sum(batch["inputs"][0] * matrix)
        if problem == "whole":
            loss += tf.reduce_sum(batch["targets"][0] * vector)
        return ProblemLoss(loss, {"xent": loss}, {})


@pytest.fixture(autouse=True)
def losses_of_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("t2t_multimodel.engines.tensorflow.problem_loss", Linear.loss)


DECAY = DecoupledDecayConfig(strength=0.1)


class Held:
    """A variable as the model has it."""

    def __init__(self, value: Any, path: str) -> None:
        self.value, self.path, self.assign = value, path, value.assign


def engine_of(train: TrainConfig | None = None, **fields: Any) -> Any:
    from t2t_multimodel.engines.tensorflow import TensorFlowEngine

    config = Config(
        problems=rates("whole", "half", "rest"),
        optimizer=OptimizerConfig(**fields),
        train=train or TrainConfig(),
    )
    engine = TensorFlowEngine(Linear(), config)  # type: ignore[arg-type]
    for name in ("whole", "half", "rest"):
        engine.compile(name)
    return engine


def values(engine: Any) -> dict[str, np.ndarray]:
    return {v.path: v.value.numpy() for v in engine._model.trainable_variables}


def apply(engine: Any, step: int, *parts: tuple[np.ndarray, np.ndarray | None]) -> float:
    """One step from the gradients of a micro-batch each; without a vector's it is of `half`."""
    for matrix, vector in parts:
        batch = {
            "inputs": matrix[None].astype(np.float32),
            "targets": (np.zeros(2) if vector is None else vector)[None].astype(np.float32),
            "inputs_length": np.ones(1, np.int32),
            "targets_length": np.ones(1, np.int32),
        }
        name = "half" if vector is None else "whole"
        found, observed = engine.compute(name, batch, draw=step)
        assert sorted(found) == ([0] if vector is None else [0, 1])
        assert np.isfinite(float(observed.scalars["xent"]))
        engine.add(found)
    return engine.update(0.01, step, {})


MATRIX, VECTOR = np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.5, -0.6])


def adam(weight: np.ndarray, steps: list[np.ndarray], rate: float) -> np.ndarray:
    m = v = np.zeros_like(weight)
    for t, gradient in enumerate(steps, start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.98 * v + 0.02 * gradient**2
        corrected = np.sqrt(1 - 0.98**t) / (1 - 0.9**t)
        weight = weight - rate * corrected * m / (np.sqrt(v) + 1e-9)
    return weight


def test_steps_are_adams() -> None:
    engine = engine_of(clip_norm=0.0)
    for step in range(3):
        apply(engine, step, (MATRIX * (step + 1), VECTOR))
    after = values(engine)
    assert np.allclose(
        after["matrix"], adam(START["matrix"], [MATRIX, 2 * MATRIX, 3 * MATRIX], 0.01)
    )
    assert np.allclose(after["vector"], adam(START["vector"], [VECTOR] * 3, 0.01))


def test_the_norm_is_of_the_mean_over_micro_batches() -> None:
    engine = engine_of(clip_norm=0.0)
    norm = apply(engine, 0, (MATRIX, VECTOR), (3 * MATRIX, None))
    mean = np.concatenate([(2 * MATRIX).ravel(), VECTOR / 2])
    assert norm == pytest.approx(np.linalg.norm(mean))
    assert np.allclose(engine.state()["m/vector"], 0.1 * VECTOR / 2)
    assert np.allclose(engine.state()["m/matrix"], 0.1 * 2 * MATRIX)


def test_gradients_above_the_bound_are_scaled_down_together() -> None:
    whole = np.linalg.norm(np.concatenate([MATRIX.ravel(), VECTOR]))
    engine = engine_of(clip_norm=whole / 4)
    assert apply(engine, 0, (MATRIX, VECTOR)) == pytest.approx(whole)
    assert np.allclose(engine.state()["m/matrix"], 0.1 * MATRIX / 4)
    assert np.allclose(engine.state()["m/vector"], 0.1 * VECTOR / 4)
    engine = engine_of(clip_norm=whole * 4)
    apply(engine, 0, (MATRIX, VECTOR))
    assert np.allclose(engine.state()["m/matrix"], 0.1 * MATRIX)


def test_what_no_micro_batch_touched_stands_still() -> None:
    engine = engine_of(weight_decay=DECAY)
    apply(engine, 0, (MATRIX, VECTOR))
    before, slots = values(engine), engine.state()
    apply(engine, 1, (MATRIX, None))
    assert np.array_equal(values(engine)["vector"], before["vector"])
    assert np.array_equal(engine.state()["m/vector"], slots["m/vector"])
    assert np.array_equal(engine.state()["v/vector"], slots["v/vector"])
    assert not np.array_equal(values(engine)["matrix"], before["matrix"])


@pytest.mark.parametrize("decay", [DECAY, T2TDecayConfig(strength=0.1)])
def test_decay_never_moves_a_matrix_without_a_gradient(decay: Section) -> None:
    engine = engine_of(weight_decay=decay)
    for step in range(3):
        apply(engine, step, (MATRIX, VECTOR))
    assert np.array_equal(values(engine)["other"], START["other"].astype(np.float32))
    assert not engine.state()["m/other"].any() and not engine.state()["v/other"].any()


def test_a_weight_of_a_loss_scales_its_gradients_alone() -> None:
    engine = engine_of(
        TrainConfig(loss_weights=(LossWeight(problem="half", weight=0.5),)), clip_norm=0.0
    )
    apply(engine, 0, (MATRIX, VECTOR), (MATRIX, None))
    assert np.allclose(engine.state()["m/matrix"], 0.1 * 0.75 * MATRIX)
    assert np.allclose(engine.state()["m/vector"], 0.1 * VECTOR / 2)


def test_gradients_compiled_by_xla_are_the_same() -> None:
    engines = engine_of(), engine_of(TrainConfig(jit_compile=True))
    for engine in engines:
        apply(engine, 0, (MATRIX, VECTOR), (MATRIX, None))
    plain, compiled = map(values, engines)
    assert all(np.allclose(plain[name], compiled[name], rtol=1e-6) for name in START)
    run = engines[1]._gradients["whole"]
    assert run.get_concrete_function().function_def.attr["_XlaMustCompile"].b


def test_only_the_sum_of_micro_batches_is_kept() -> None:
    engine, other = engine_of(), engine_of()
    held = []
    for k in (1, 2, 3):
        gradient = tf.constant(MATRIX * k, tf.float32)
        held.append(weakref.ref(gradient))
        engine.add({0: gradient})
        del gradient
        gc.collect()
        # the first is the sum itself, until there is a second
        assert [one() is not None for one in held] == [k == 1] + [False] * (k - 1)
    other.add({0: tf.constant(MATRIX, tf.float32) + MATRIX * 2 + MATRIX * 3})
    assert engine.update(0.01, 0, {}) == pytest.approx(other.update(0.01, 0, {}) / 3)


def test_what_a_step_that_failed_has_added_is_dropped() -> None:
    engine, undisturbed = engine_of(), engine_of()
    engine.add({0: tf.constant(MATRIX * 7, tf.float32)})
    engine.clear()
    for one in (engine, undisturbed):
        apply(one, 0, (MATRIX, VECTOR))
    assert np.array_equal(values(engine)["matrix"], values(undisturbed)["matrix"])


def test_the_running_mean_follows_weights_that_move() -> None:
    engine, mean = engine_of(ema_decay=0.5), START["matrix"]
    for step in range(4):
        apply(engine, step, (MATRIX, None))
        decay = min(0.5, (2 + step) / (11 + step))
        mean = decay * mean + (1 - decay) * values(engine)["matrix"]
    averages = engine.averages()
    assert np.allclose(averages["matrix"], mean, rtol=1e-6)
    assert np.array_equal(averages["vector"], START["vector"])  # had no gradient
    assert engine_of().averages() == {}


def test_the_model_holds_the_means_for_as_long_as_asked() -> None:
    engine = engine_of(ema_decay=0.9)
    apply(engine, 0, (MATRIX, VECTOR))
    last, averages = values(engine), engine.averages()
    held = [Held(v.value, v.path) for v in engine._model.trainable_variables]
    model = SimpleNamespace(trainable_variables=held)
    with pytest.raises(KeyError), averaged(model, engine):  # type: ignore[arg-type]
        assert np.array_equal(values(engine)["matrix"], averages["matrix"])
        raise KeyError
    assert np.array_equal(values(engine)["matrix"], last["matrix"])


def test_means_and_weights_come_back() -> None:
    first, second = engine_of(ema_decay=0.9), engine_of(ema_decay=0.9)
    for step in range(2):
        apply(first, step, (MATRIX, VECTOR))
    state, averages = first.state(), first.averages()
    assert sorted(state)[-3:] == ["weights/matrix", "weights/other", "weights/vector"]
    for name, variable in zip(second._names, second._variables, strict=True):
        variable.assign(averages[name])  # what the saved model holds
    second.restore(state)
    assert np.array_equal(values(second)["matrix"], values(first)["matrix"])
    for engine in (first, second):
        apply(engine, 2, (MATRIX, VECTOR))
    for name, mean in first.averages().items():
        assert np.array_equal(second.averages()[name], mean)


def test_saved_slots_are_out_of_reach_of_later_steps() -> None:
    engine = engine_of(ema_decay=0.9)
    apply(engine, 0, (MATRIX, VECTOR))
    saved = {**engine.state(), **engine.averages()}
    kept = {name: value.copy() for name, value in saved.items()}
    apply(engine, 1, (MATRIX, VECTOR))
    assert all(np.array_equal(saved[name], value) for name, value in kept.items())


def test_a_part_learns_at_a_rate_of_its_own() -> None:
    engine = engine_of(
        clip_norm=0.0, weight_decay=DECAY, rate_factors=(RateFactor(part="matrix", factor=0.5),)
    )
    plain = engine_of(clip_norm=0.0, weight_decay=DECAY)
    for one in (engine, plain):
        apply(one, 0, (MATRIX, VECTOR))
    half, whole = values(engine), values(plain)
    moved = whole["matrix"] - START["matrix"]
    assert np.allclose(half["matrix"] - START["matrix"], moved / 2, rtol=1e-4)
    assert np.array_equal(half["vector"], whole["vector"])
    assert np.array_equal(engine.state()["m/matrix"], plain.state()["m/matrix"])


def test_only_matrices_decay() -> None:
    plain, decayed = engine_of(), engine_of(weight_decay=DECAY)
    for engine in (plain, decayed):
        apply(engine, 0, (MATRIX, VECTOR))
    assert np.allclose(
        values(plain)["matrix"] - values(decayed)["matrix"], 0.01 * 0.1 * START["matrix"]
    )
    assert np.array_equal(values(plain)["vector"], values(decayed)["vector"])


def test_each_function_is_traced_once() -> None:
    engine = engine_of()
    apply(engine, 0, (MATRIX, VECTOR), (MATRIX, None))
    before = engine.traces
    for step in range(1, 4):
        apply(engine, step, (MATRIX, VECTOR), (MATRIX, None))
    assert engine.traces == before >= 2


def test_slots_come_back() -> None:
    first, second = engine_of(), engine_of()
    apply(first, 0, (MATRIX, VECTOR))
    assert sorted(first.state()) == [f"{slot}/{name}" for slot in "mv" for name in sorted(START)]
    second.restore(first.state())
    assert all(np.array_equal(first.state()[k], v) for k, v in second.state().items())


@pytest.mark.parametrize(
    ("set_to", "per_step", "problems", "expected"),
    [(0, 0, 8, 2), (0, 1, 8, 1), (0, 0, 1, 1), (5, 0, 8, 5)],
)
def test_side_by_side_run_as_many_as_there_are_cores_unless_said(
    set_to: int, per_step: int, problems: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2t_multimodel.engines.engine.cores", lambda: 2)
    config = Config(problems=rates(*(f"p{i}" for i in range(problems))))
    train = config.train.replace(parallel_batches=set_to, problems_per_step=per_step)
    assert parallel_batches(config.replace(train=train)) == expected


def test_an_update_is_traced_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    logger = tf.get_logger()
    monkeypatch.setattr(logger, "handle", lambda record: said.append(record.getMessage()))
    monkeypatch.setattr(logger, "isEnabledFor", lambda level: level >= logging.WARNING)
    apply(engine_of(), 0, (MATRIX, VECTOR))
    assert said == []
