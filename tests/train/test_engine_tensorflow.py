"""One optimizer step, compared with the formulas in numpy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from t2t_multimodel import Config, OptimizerConfig
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.train.engine import parallel_batches

tf = pytest.importorskip("tensorflow")

START = {"matrix": np.array([[1.0, -2.0], [0.5, 3.0]]), "vector": np.array([4.0, -1.0])}


def signature(name: str) -> ProblemSignature:
    matrix = Signature("made", "made", 0, (2, 2), 1, "float32")
    vector = Signature("made", "made", 0, (2,), 1, "float32")
    return ProblemSignature(name, name, matrix, vector)


class Linear:
    """A loss whose gradient is what the batch holds; `half` leaves the vector alone."""

    def __init__(self) -> None:
        self.trainable_variables = [
            SimpleNamespace(path=name, value=tf.Variable(value, dtype=tf.float32))
            for name, value in START.items()
        ]
        self.problems = {name: signature(name) for name in ("whole", "half")}

    def problem_loss(self, batch: Any, problem: str, **_: Any) -> tuple[Any, dict[str, Any]]:
        matrix, vector = (variable.value for variable in self.trainable_variables)
        loss = tf.reduce_sum(batch["inputs"][0] * matrix)
        if problem == "whole":
            loss += tf.reduce_sum(batch["targets"][0] * vector)
        return loss, {"xent": loss}


def engine_of(**fields: Any) -> Any:
    from t2t_multimodel.train.engine_tensorflow import TensorFlowEngine

    config = Config(problems=("whole", "half"), optimizer=OptimizerConfig(**fields))
    engine = TensorFlowEngine(Linear(), config)  # type: ignore[arg-type]
    for name in ("whole", "half"):
        engine.compile(name)
    return engine


def values(engine: Any) -> dict[str, np.ndarray]:
    return {v.path: v.value.numpy() for v in engine._model.trainable_variables}


def apply(engine: Any, step: int, *parts: tuple[np.ndarray, np.ndarray | None]) -> float:
    """One step from the gradients of a micro-batch each; without a vector's it is of `half`."""
    gradients = []
    for matrix, vector in parts:
        batch = {
            "inputs": matrix[None].astype(np.float32),
            "targets": (np.zeros(2) if vector is None else vector)[None].astype(np.float32),
            "inputs_length": np.ones(1, np.int32),
            "targets_length": np.ones(1, np.int32),
        }
        name = "half" if vector is None else "whole"
        found, scalars = engine.gradients(name, batch, draw=step)
        assert sorted(found) == ([0] if vector is None else [0, 1])
        assert np.isfinite(float(scalars["xent"]))
        gradients.append(found)
    return engine.apply(gradients, 0.01, step)


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
    engine = engine_of(weight_decay=0.1)
    apply(engine, 0, (MATRIX, VECTOR))
    before, slots = values(engine), engine.state()
    apply(engine, 1, (MATRIX, None))
    assert np.array_equal(values(engine)["vector"], before["vector"])
    assert np.array_equal(engine.state()["m/vector"], slots["m/vector"])
    assert np.array_equal(engine.state()["v/vector"], slots["v/vector"])
    assert not np.array_equal(values(engine)["matrix"], before["matrix"])


def test_only_matrices_decay() -> None:
    plain, decayed = engine_of(), engine_of(weight_decay=0.1)
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
    assert sorted(first.state()) == ["m/matrix", "m/vector", "v/matrix", "v/vector"]
    second.restore(first.state())
    assert all(np.array_equal(first.state()[k], v) for k, v in second.state().items())


@pytest.mark.parametrize(
    ("set_to", "per_step", "problems", "expected"),
    [(0, 0, 8, 2), (0, 1, 8, 1), (0, 0, 1, 1), (5, 0, 8, 5)],
)
def test_side_by_side_run_as_many_as_there_are_cores_unless_said(
    set_to: int, per_step: int, problems: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2t_multimodel.train.engine.cores", lambda: 2)
    config = Config(problems=tuple(f"p{i}" for i in range(problems)))
    train = config.train.replace(parallel_batches=set_to, problems_per_step=per_step)
    assert parallel_batches(config.replace(train=train)) == expected
