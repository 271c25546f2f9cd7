"""Checkpoints appear whole, come back equal, and older ones make room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_run import Run

from t2t_multimodel import UserError
from t2t_multimodel.train import checkpoints
from t2t_multimodel.train.checkpoints import found, open_checkpoint


class Model:
    """Saves a file, as the model does."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken

    def save(self, path: Path) -> None:
        path.write_bytes(b"weights")
        if self.broken:
            raise KeyboardInterrupt


def save(folder: Path, step: int, keep: int = 3, model: Any = None, **state: Any) -> None:
    slots = {"m/w": np.full(2, step, np.float32)}
    checkpoints.save(folder, model or Model(), slots, {}, {"step": step, **state}, keep)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    save(tmp_path, 7, positions={"a": 3})
    (checkpoint,) = found(tmp_path)
    assert checkpoint.path == tmp_path / "step-00000007"
    assert checkpoint.step == 7
    assert checkpoint.state == {"step": 7, "positions": {"a": 3}}
    assert checkpoint.optimizer()["m/w"].tolist() == [7, 7]
    assert names(checkpoint.path) == ["model.keras", "optimizer.npz", "state.json", "vocab"]


def test_the_newest_ones_stay(tmp_path: Path) -> None:
    for step in (5, 10, 100, 20):
        save(tmp_path, step, keep=2)
    assert names(tmp_path) == ["step-00000020", "step-00000100"]
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [20, 100]


def test_a_step_saved_again_replaces_the_first(tmp_path: Path) -> None:
    save(tmp_path, 5, note="first")
    save(tmp_path, 5, note="second")
    (checkpoint,) = found(tmp_path)
    assert checkpoint.state["note"] == "second"


def test_what_a_killed_save_leaves_does_not_count(tmp_path: Path) -> None:
    save(tmp_path, 5)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, 10, model=Model(broken=True))
    assert len(names(tmp_path)) == 2
    (tmp_path / "step-12.tmp").mkdir()
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [5]
    save(tmp_path, 10)
    assert [checkpoint.step for checkpoint in found(tmp_path)] == [5, 10]


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == []


def test_a_run_opens_at_its_newest_checkpoint_and_a_checkpoint_at_itself(tmp_path: Path) -> None:
    for step in (5, 10):
        save(tmp_path / "checkpoints", step)
    assert open_checkpoint(tmp_path).step == 10
    assert open_checkpoint(tmp_path / "checkpoints" / "step-00000005").step == 5


def test_a_run_without_a_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        open_checkpoint(tmp_path)
    assert str(caught.value) == (
        f"There is no checkpoint in {tmp_path}.\nTrain one: mm-trainer --output_dir={tmp_path}"
    )


def test_model_optimizer_and_vocabularies_of_a_run_come_back_equal(run: Run) -> None:
    checkpoint = open_checkpoint(run.folder)
    assert checkpoint.step == 90
    model = checkpoint.model()
    assert model.get_config() == run.trainer.model.get_config()
    for loaded, kept in zip(model.variables, run.trainer.model.variables, strict=True):
        assert loaded.path == kept.path
        assert np.array_equal(loaded.numpy(), kept.numpy())
    slots, kept_slots = checkpoint.optimizer(), run.trainer.engine.state()
    assert slots.keys() == kept_slots.keys()
    assert len(slots) == 2 * len(model.trainable_variables)
    assert all(np.array_equal(slots[name], kept_slots[name]) for name in slots)
    (tokenizer,) = checkpoint.tokenizers().values()
    assert tokenizer.identity == run.prepared["made_numbers"].tokenizers["made_words"].identity
    assert checkpoint.state["config"] == run.resolved.config.to_dict()
