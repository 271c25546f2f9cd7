"""Sharded checkpoints: appear whole, and are read, averaged and converted as whole ones are."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from helpers.finished_run import Run, forget_small_tasks
from helpers.jax_process import NEEDS_JAX
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import UserError, storage
from t2t_multimodel.bin import mm_average, mm_convert, mm_decode, mm_export
from t2t_multimodel.checkpoints.averaging import average
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, found, open_checkpoint
from t2t_multimodel.checkpoints.conversion import convert
from t2t_multimodel.checkpoints.saving import Saver, Snapshot, begin_shards, write
from t2t_multimodel.checkpoints.sharded import ShardWriter
from t2t_multimodel.multimodel import MultiModel

pytestmark = NEEDS_JAX


def snapshot(model: MultiModel, step: int, **more: Any) -> Snapshot:
    """The model with each weight at `step`, and two slots."""
    values = [np.full(v.shape, step, v.dtype) for v in model.variables]
    slots = {f"{kind}/w": np.full((3, 2), step + i, np.float32) for i, kind in enumerate("mv")}
    return Snapshot(model, values, slots, {}, {"step": step, "usr_dirs": []}, **more)


def save(saver: Saver, model: MultiModel, *steps: int, **more: Any) -> None:
    for step in steps:
        saver.save(snapshot(model, step, **more))
    saver.wait()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def weights(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    return {v.path: keras.ops.convert_to_numpy(v.value) for v in checkpoint.model().variables}


def assert_equal(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.dtype == second[name].dtype
        assert np.array_equal(value, second[name]), name


@pytest.fixture(scope="module")
def model() -> MultiModel:
    return MultiModel(FLAT_CONFIGS["paper"], PROBLEMS[:1])


@pytest.fixture(scope="module")
def saved(model: MultiModel, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Step 5, which no test changes."""
    folder = tmp_path_factory.mktemp("sharded")
    save(Saver(folder, 3, ShardWriter(folder)), model, 5)
    return found(folder)[0]


@pytest.fixture
def copied(saved: Checkpoint, tmp_path: Path) -> Checkpoint:
    return Checkpoint(shutil.copytree(saved.path, tmp_path / saved.path.name))


def arrays_file(checkpoint: Checkpoint) -> Path:
    """The largest file of its weights."""
    files = (checkpoint.path / "arrays" / "weights").rglob("*")
    return max(filter(Path.is_file, files), key=lambda file: file.stat().st_size)


def test_it_comes_back(model: MultiModel, saved: Checkpoint) -> None:
    assert saved.sharded
    assert saved.damage() == ""
    assert saved.state == {"step": 5, "usr_dirs": []}
    assert names(saved.path) == ["arrays", "checksums.json", "model.json", "state.json", "vocab"]
    assert saved.architecture() == json.loads(json.dumps(model.get_config()))
    expected = {v.path: np.full(v.shape, 5, v.dtype) for v in model.variables}
    assert_equal(weights(saved), expected)
    slots = {"m/w": np.full((3, 2), 5, np.float32), "v/w": np.full((3, 2), 6, np.float32)}
    assert_equal(saved.optimizer(), slots)


def test_it_is_converted_both_ways_without_loss(saved: Checkpoint, tmp_path: Path) -> None:
    whole = convert(saved, tmp_path / "whole", sharded=False)
    assert names(whole.path) == [
        "checksums.json",
        "model.keras",
        "optimizer.npz",
        "state.json",
        "vocab",
    ]
    again = convert(whole, tmp_path / "again", sharded=True)
    assert names(again.path) == names(saved.path)
    for one in (whole, again):
        assert one.damage() == ""
        assert one.state == saved.state
        assert one.architecture() == saved.architecture()
        assert_equal(weights(one), weights(saved))
        assert_equal(one.optimizer(), saved.optimizer())


def test_a_conversion_to_the_same_format_or_place_is_refused(
    saved: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        convert(saved, tmp_path / "new", sharded=True)
    assert str(caught.value) == (
        f"{saved.path} is sharded already.\n--format=whole writes the other format."
    )
    with pytest.raises(UserError, match=f"^{tmp_path} exists already.\nGive another --to.$"):
        convert(saved, tmp_path, sharded=False)


def test_a_mean_may_be_of_both_formats(
    model: MultiModel, saved: Checkpoint, tmp_path: Path
) -> None:
    mean = average([write(tmp_path, snapshot(model, 2)), saved], tmp_path / "mean")
    assert not mean.sharded
    assert all((value == 3.5).all() for value in weights(mean).values() if value.dtype == "f4")
    split = convert(mean, tmp_path / "split", sharded=True)
    assert_equal(weights(split), weights(mean))
    with pytest.raises(UserError, match=f"^{split.path} is an average, without the slots of an "):
        split.optimizer()


def test_the_newest_and_the_best_ones_stay(model: MultiModel, tmp_path: Path) -> None:
    saver = Saver(tmp_path, 1, ShardWriter(tmp_path))
    save(saver, model, 5, 10, 20, best={"joint": 10})
    assert names(tmp_path) == ["best-joint", "step-00000010", "step-00000020"]
    best = Checkpoint(tmp_path / "best-joint")
    assert all((value == 10).all() for value in weights(best).values())
    assert best.optimizer()["m/w"].tolist() == [[10, 10]] * 3


def test_a_kill_while_arrays_are_written_leaves_no_checkpoint(
    model: MultiModel, tmp_path: Path
) -> None:
    shards = ShardWriter(tmp_path)
    write(tmp_path, snapshot(model, 5))
    begin_shards(shards, tmp_path / "step-00000010", snapshot(model, 10))
    shards.finish(tmp_path / ".step-00000010.shards.tmp")  # killed before it was renamed
    assert names(tmp_path) == [".step-00000010.shards.tmp", "step-00000005"]
    assert [one.step for one in found(tmp_path)] == [5]
    Saver(tmp_path, 1, shards)
    assert names(tmp_path) == ["step-00000005"]


def test_a_step_saved_again_replaces_the_first(model: MultiModel, tmp_path: Path) -> None:
    write(tmp_path, snapshot(model, 5))
    save(Saver(tmp_path, 1, ShardWriter(tmp_path)), model, 5)
    (checkpoint,) = found(tmp_path)
    assert checkpoint.sharded
    assert names(tmp_path) == ["step-00000005"]


class FullDisk(ShardWriter):
    """Fails when the arrays are nearly written, as training goes on."""

    def begin(self, folder: Path, weights: dict[str, Any], slots: dict[str, Any]) -> None:
        super().begin(folder, weights, slots)
        written = self._checkpointer.wait_until_finished

        def broken() -> None:
            written()
            raise OSError(28, "No space left on device")

        self._checkpointer = SimpleNamespace(wait_until_finished=broken)


def test_a_save_that_failed_is_told_by_the_next_and_leaves_nothing(
    model: MultiModel, tmp_path: Path
) -> None:
    saver = Saver(tmp_path, 3, FullDisk(tmp_path))
    saver.save(snapshot(model, 5))
    with pytest.raises(UserError) as caught:
        saver.save(snapshot(model, 10))
    assert str(caught.value) == (
        f"{tmp_path} was not written: No space left on device.\n"
        "The same command goes on from what is missing."
    )
    assert names(tmp_path) == []


def test_a_flipped_bit_in_its_arrays_is_damage(copied: Checkpoint) -> None:
    file = arrays_file(copied)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    name = file.relative_to(copied.path).as_posix()
    assert copied.damage() == f"{name} is not what was written"


@pytest.mark.parametrize("name", ["model.json", "state.json", "checksums.json"])
def test_a_file_that_is_missing_is_damage(copied: Checkpoint, name: str) -> None:
    (copied.path / name).unlink()
    assert copied.damage() == f"{name} is missing"


def test_arrays_that_lie_elsewhere_are_refused(copied: Checkpoint, tmp_path: Path) -> None:
    file = arrays_file(copied)
    file.rename(tmp_path / "secret")
    file.symlink_to(tmp_path / "secret")
    with pytest.raises(UserError) as caught:
        copied.model()
    assert str(caught.value) == (
        f"{file} is a link; a checkpoint must hold its own arrays.\nTake another checkpoint."
    )


def test_a_class_that_it_names_is_refused(copied: Checkpoint) -> None:
    file = copied.path / "model.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps({**values, "registered_name": "os>system"}))
    with pytest.raises(UserError) as caught:
        copied.model()
    assert str(caught.value) == (
        f"{file} holds no model of this package, but 'os>system'.\n"
        "Only checkpoints that mm-trainer wrote are read: a file may not name its code."
    )


def test_arrays_that_do_not_fit_the_architecture_are_damage(copied: Checkpoint) -> None:
    shutil.rmtree(copied.path / "arrays" / "slots")
    place = copied.path / "arrays" / "slots"
    with pytest.raises(UserError, match=f"^{place} is damaged: "):
        copied.optimizer()


def test_a_package_that_is_missing_is_named(
    saved: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    for use in (saved.model, lambda: ShardWriter(saved.path)):
        with pytest.raises(UserError) as caught:
            use()
        assert caught.value.message.startswith(
            "Sharded checkpoints need JAX and Orbax, which are not installed: "
        )
        assert caught.value.fix == "pip install 't2t-multimodel[jax]'"


def test_several_processes_do_not_write_to_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "is_remote", lambda path: True)
    with pytest.raises(UserError) as caught:
        ShardWriter(tmp_path, workers=2)
    assert str(caught.value) == (
        f"{tmp_path}: several processes can not write one sharded checkpoint to a store.\n"
        "Give an --output_dir on a disk that all of them share, or leave experts:M out of "
        "--distribution."
    )


def command(main: Callable[[list[str]], int], *flags: str) -> None:
    """Runs a command that knows of the made tasks what the run that it is given tells."""
    forget_small_tasks()
    assert main([*flags]) == 0


@pytest.fixture
def sharded_run(run: Run, tmp_path: Path) -> Path:
    """The made run with its newest checkpoint as a mesh would have saved it."""
    folder = tmp_path / "sharded"
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("step-*", "best-*"))
    newest = open_checkpoint(run.folder).path
    to = f"--to={folder / 'checkpoints' / newest.name}"
    command(mm_convert.main, f"--checkpoint={newest}", "--format=sharded", to)
    return folder


def test_decoding_and_exporting_take_a_sharded_run(
    run: Run, sharded_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").write_text("2 3 4\n1\n")
    places = [f"--input_file={tmp_path}/in", f"--output_file={tmp_path}/out"]
    outputs = []
    for folder in (run.folder, sharded_run):
        command(mm_decode.main, f"--output_dir={folder}", "--problem=made_numbers", *places)
        outputs.append((tmp_path / "out").read_text())
    assert outputs[0] == outputs[1]
    exported = tmp_path / "exported"
    flags = [f"--output_dir={sharded_run}", "--problems=made_colours", f"--export_dir={exported}"]
    command(mm_export.main, *flags)
    assert (exported / "saved_model.pb").is_file()


def test_a_model_without_slots_is_converted_without_them(run: Run, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    shutil.copytree(open_checkpoint(run.folder).path, packed)
    (packed / "optimizer.npz").unlink()
    sums = json.loads((packed / "checksums.json").read_text())
    del sums["optimizer.npz"]
    (packed / "checksums.json").write_text(json.dumps(sums))
    split = convert(Checkpoint(packed), tmp_path / "split", sharded=True)
    assert not split.has_slots
    assert_equal(weights(split), weights(Checkpoint(packed)))


def test_the_mean_of_a_sharded_run_and_its_conversion_are_whole(
    run: Run, sharded_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = open_checkpoint(run.folder)
    flag = f"--output_dir={sharded_run}"
    command(mm_average.main, flag, "--last=1", f"--to={tmp_path}/mean")
    capsys.readouterr()
    command(mm_convert.main, flag)
    source = sharded_run / "checkpoints" / newest.path.name
    whole = source.with_name(f"whole-{newest.step:08d}")
    assert capsys.readouterr().out == f"{whole}: {source}, whole\n"
    for one in (Checkpoint(tmp_path / "mean"), Checkpoint(whole)):
        assert not one.sharded
        assert_equal(weights(one), weights(newest))
    assert_equal(Checkpoint(whole).optimizer(), newest.optimizer())
    assert Checkpoint(whole).state == newest.state
