"""Checkpoints come back equal, and damaged ones are not taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.finished_run import Run

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, found, newest_whole, open_checkpoint
from t2t_multimodel.checkpoints.saving import Snapshot, write


class Model(keras.Model):
    """Saves a file, as the model does."""

    def save(self, path: Path) -> None:
        path.write_bytes(b"weights")


def save(folder: Path, step: int, **state: Any) -> Checkpoint:
    slots = {"m/w": np.full(2, step, np.float32)}
    return write(folder, Snapshot(Model(), [], slots, {}, {"step": step, **state}))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    save(tmp_path, 7, positions={"a": 3})
    (checkpoint,) = found(tmp_path)
    assert checkpoint.path == tmp_path / "step-00000007"
    assert checkpoint.step == 7
    assert checkpoint.state == {"step": 7, "positions": {"a": 3}}
    assert checkpoint.optimizer()["m/w"].tolist() == [7, 7]
    assert names(checkpoint.path) == [
        "checksums.json",
        "model.keras",
        "optimizer.npz",
        "state.json",
        "vocab",
    ]
    assert checkpoint.damage() == ""


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", ["model.keras", "optimizer.npz", "state.json"])
def test_a_flipped_bit_in_any_file_is_damage(tmp_path: Path, name: str) -> None:
    checkpoint = save(tmp_path, 7)
    flip_a_bit(checkpoint.path / name)
    assert checkpoint.damage() == f"{name} is not what was written"


def test_a_missing_file_is_damage(tmp_path: Path) -> None:
    checkpoint = save(tmp_path, 7)
    (checkpoint.path / "model.keras").unlink()
    assert checkpoint.damage() == "model.keras is missing"


def test_checksums_that_cannot_be_read_are_damage(tmp_path: Path) -> None:
    checkpoint = save(tmp_path, 7)
    (checkpoint.path / "checksums.json").write_text("{")
    assert checkpoint.damage().startswith("checksums.json cannot be read (")


def test_the_one_before_a_damaged_checkpoint_is_taken_and_said(tmp_path: Path) -> None:
    for step in (5, 10, 20):
        save(tmp_path, step)
    for step, name in ((20, "model.keras"), (10, "state.json")):
        flip_a_bit(tmp_path / f"step-{step:08d}" / name)
    said: list[str] = []
    newest = newest_whole(tmp_path, said.append)
    assert newest is not None and newest.path.name == "step-00000005"
    assert said == [
        f"{tmp_path}/step-00000020 is damaged: model.keras is not what was written. "
        "The checkpoint before it is taken.",
        f"{tmp_path}/step-00000010 is damaged: state.json is not what was written. "
        "The checkpoint before it is taken.",
    ]


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(tmp_path: Path) -> None:
    flip_a_bit(save(tmp_path, 5).path / "optimizer.npz")
    with pytest.raises(UserError) as caught:
        newest_whole(tmp_path, lambda _: None)
    assert str(caught.value) == (
        f"Every checkpoint in {tmp_path} is damaged.\n"
        "Copy the run again from where it came, or train anew in another --output_dir."
    )


def test_a_damaged_checkpoint_is_not_opened_by_name(tmp_path: Path) -> None:
    checkpoint = save(tmp_path, 5)
    flip_a_bit(checkpoint.path / "model.keras")
    with pytest.raises(UserError) as caught:
        open_checkpoint(checkpoint.path)
    assert str(caught.value) == (
        f"{checkpoint.path} is damaged: model.keras is not what was written.\n"
        "Take another one of its run."
    )


def test_no_checkpoint_at_all_is_a_new_run(tmp_path: Path) -> None:
    assert newest_whole(tmp_path) is None


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


def test_an_average_has_no_optimizer_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Checkpoint(tmp_path).optimizer()
    assert str(caught.value) == (
        f"{tmp_path} is an average, without the slots of an optimizer to go on with.\n"
        f"Begin a new run with its weights: mm-trainer --warm_start={tmp_path}"
    )
