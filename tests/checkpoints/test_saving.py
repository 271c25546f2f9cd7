"""Checkpoints appear whole, beside the training, and older ones make room but for the best."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.checkpoint import found, newest_whole
from t2t_multimodel.checkpoints.saving import Saver, Snapshot, write, write_model


class Model(keras.Model):
    """Saves a file, as the model does; may break, or wait for a sign."""

    def __init__(self, error: type[BaseException] | None = None) -> None:
        super().__init__()
        self.error, self.sign = error, threading.Event()
        self.sign.set()

    def save(self, path: Path) -> None:
        self.sign.wait()
        path.write_bytes(b"weights")
        if self.error:
            raise self.error("broken")


def snapshot(step: int, model: Model | None = None, **more: Any) -> Snapshot:
    slots = {"m/w": np.full(2, step, np.float32)}
    return Snapshot(model or Model(), [], slots, {}, {"step": step}, **more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def save(saver: Saver, *steps: int) -> None:
    for step in steps:
        saver.save(snapshot(step))
    saver.wait()


def test_the_newest_ones_stay(tmp_path: Path) -> None:
    save(Saver(tmp_path, keep=2), 5, 10, 20, 100)
    assert names(tmp_path) == ["step-00000020", "step-00000100"]
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [20, 100]


def test_the_best_ones_stay_under_their_names_until_there_is_a_better(tmp_path: Path) -> None:
    saver = Saver(tmp_path, keep=1)
    saver.save(snapshot(5, best={"a": 5, "joint": 5}))
    saver.save(snapshot(10, best={"a": 5, "joint": 10}))
    saver.save(snapshot(20, best={"a": 5, "joint": 10}))
    saver.wait()
    kept = ["best-a", "best-joint", "step-00000005", "step-00000010", "step-00000020"]
    assert names(tmp_path) == kept
    assert (tmp_path / "best-a" / "state.json").read_text() == '{\n "step": 5\n}'
    saver.save(snapshot(30, best={"a": 30, "joint": 10}))
    saver.wait()
    assert names(tmp_path) == ["best-a", "best-joint", "step-00000010", "step-00000030"]
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [10, 30]


def test_a_run_that_went_on_before_a_damaged_checkpoint_keeps_its_newest(tmp_path: Path) -> None:
    save(Saver(tmp_path, keep=3), 10, 20, 30)
    (tmp_path / "step-00000030" / "model.keras").write_bytes(b"damaged")
    save(Saver(tmp_path, keep=1), 25)  # as it goes on from step 20
    assert names(tmp_path) == ["step-00000025", "step-00000030"]
    whole = newest_whole(tmp_path, log=lambda _: None)
    assert whole is not None and whole.step == 25
    save(Saver(tmp_path, keep=1), 30)
    assert names(tmp_path) == ["step-00000030"]


def test_names_of_the_best_by_another_score_go(tmp_path: Path) -> None:
    saver = Saver(tmp_path, keep=1)
    saver.save(snapshot(5, best={"a": 5}))
    saver.save(snapshot(10))
    saver.wait()
    assert names(tmp_path) == ["step-00000010"]


def test_the_best_ones_are_found_where_the_run_is_moved(tmp_path: Path) -> None:
    saver = Saver(tmp_path / "run", keep=1)
    saver.save(snapshot(5, best={"a": 5}))
    saver.wait()
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    assert (moved / "best-a" / "state.json").is_file()


def test_a_step_saved_again_replaces_the_first(tmp_path: Path) -> None:
    write(tmp_path, snapshot(5))
    again = Snapshot(Model(), [], {}, {}, {"step": 5, "note": "second"})
    write(tmp_path, again)
    (checkpoint,) = found(tmp_path)
    assert checkpoint.state["note"] == "second"


def test_a_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path, snapshot(5))
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, snapshot(10, Model(KeyboardInterrupt)))
    assert names(tmp_path) == ["step-00000005"]


def test_what_a_killed_save_leaves_does_not_count_and_is_cleared(tmp_path: Path) -> None:
    write(tmp_path, snapshot(5))
    (tmp_path / ".step-00000010.123.tmp" / "vocab").mkdir(parents=True)
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [5]
    Saver(tmp_path, keep=1)
    assert names(tmp_path) == ["step-00000005"]


def test_training_goes_on_while_a_checkpoint_is_written(tmp_path: Path) -> None:
    saver, model = Saver(tmp_path, keep=3), Model()
    model.sign.clear()
    saver.save(snapshot(5, model))  # returns although the model cannot be written yet
    assert found(tmp_path) == []
    model.sign.set()
    saver.wait()
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [5]


def test_a_save_that_failed_is_told_by_the_next(tmp_path: Path) -> None:
    saver = Saver(tmp_path, keep=3)
    saver.save(snapshot(5, Model(OSError)))
    with pytest.raises(UserError) as caught:
        saver.save(snapshot(10))
    assert str(caught.value) == (
        f"{tmp_path} was not written: broken.\nThe same command goes on from what is missing."
    )


def test_the_values_of_the_snapshot_are_saved_and_those_of_the_model_left_alone(
    tmp_path: Path,
) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="d")])
    before = [np.array(keras.ops.convert_to_numpy(v.value)) for v in model.variables]
    values = [np.full(v.shape, 7.5, np.float32) for v in model.variables]
    write_model(model, values, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for variable in loaded.variables:
        assert np.all(keras.ops.convert_to_numpy(variable.value) == 7.5)
    for variable, value in zip(model.variables, before, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(variable.value), value)
