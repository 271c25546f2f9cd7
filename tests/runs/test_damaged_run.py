"""Bits are flipped in, and ends cut off, every file of a run: nobody sees a traceback of it.

The run is small and made by hand, so that many hundred trials take seconds. Weights that have a
checksum are never taken altered.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.untrained_run_folder import finish, log, untrained_run_folder

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, newest_whole, open_checkpoint
from t2t_multimodel.checkpoints.model_file import model_config
from t2t_multimodel.checkpoints.saving import Snapshot, write
from t2t_multimodel.config import Config
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.overrides import recorded
from t2t_multimodel.report.history import read_history
from t2t_multimodel.report.pages import write_pages
from t2t_multimodel.report.record import read_record
from t2t_multimodel.runs.run_folder import RunFolder

SEED, TRIALS = 20261130, 12
"""Trials of each file."""


class Stored(keras.Model):
    """Saves an archive as Keras does, with a config and something in the place of weights."""

    def save(self, path: Path) -> None:
        config = {"registered_name": "t2t_multimodel>MultiModel", "config": {"problems": []}}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", bytes(range(256)) * 8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = untrained_run_folder(tmp_path_factory.mktemp("damaged") / "run")
    log(folder)
    finish(folder)
    tokenizer = SubwordTokenizer("v", train(["a b c d e f"] * 20, 290, (), "v"))
    config = Config.from_dict(json.loads((folder / "config.json").read_text())["config"])
    for step in (1, 2):
        slots = {"m/w": np.arange(64, dtype=np.float32)}
        state = {"step": step, "config": config.to_dict(), "usr_dirs": [], "data": {}}
        write(folder / "checkpoints", Snapshot(Stored(), [], slots, {"v": tokenizer}, state))
    return folder


def damaged(content: bytes, draws: random.Random) -> bytes:
    """The content with up to three bits flipped, cut off, or with zeros at its end."""
    kind = draws.randrange(4)
    if kind == 0:
        return content[: draws.randrange(len(content))]
    if kind == 1:
        return content + b"\0" * 40
    changed = bytearray(content)
    for _ in range(draws.randint(1, 3)):
        changed[draws.randrange(len(content))] ^= 1 << draws.randrange(8)
    return bytes(changed)


def opened(folder: Path) -> None:
    """Whatever commands read of a checkpoint; it must be the one that was written."""
    checkpoint = open_checkpoint(folder)
    assert checkpoint.damage() == ""
    assert checkpoint.optimizer()["m/w"].tolist() == list(range(64))
    assert model_config(checkpoint.path / "model.keras") == {"problems": []}
    checkpoint.config()
    checkpoint.tokenizers()


def reported(folder: Path) -> None:
    read_record(folder, lambda _: None)
    read_history(folder / "scalars.jsonl", lambda _: None)


def gone_on(folder: Path) -> None:
    resolved = recorded(folder)
    run = RunFolder(folder)
    if resolved is not None:
        run.check_settings(resolved.config)
        run.begun_with()
    run.rewind(1)


READERS: tuple[Callable[[Path], None], ...] = (opened, reported, gone_on)


def test_no_damage_of_a_file_is_a_traceback(run: Path, tmp_path: Path) -> None:
    draws = random.Random(SEED)
    names = sorted(path.relative_to(run) for path in run.rglob("*") if path.is_file())
    assert len(names) > 10
    for name in names:
        for trial in range(TRIALS):
            folder = tmp_path / "run"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(run, folder)
            content = (run / name).read_bytes()
            (folder / name).write_bytes(damaged(content or b"x", draws))
            for read in READERS:
                try:
                    with contextlib.redirect_stdout(io.StringIO()):
                        read(folder)
                except UserError as error:
                    assert error.message
                except Exception as error:
                    raise AssertionError(f"{name}, trial {trial}, {read.__name__}") from error


def test_damage_of_side_files_leaves_a_report(run: Path, tmp_path: Path) -> None:
    draws = random.Random(SEED)
    side = ("results.json", "samples.json", "baselines.json", "mixture.json", "scalars.jsonl")
    for name in side:
        folder = tmp_path / name
        shutil.copytree(run, folder)
        file = folder / name
        file.write_bytes(damaged(file.read_bytes(), draws))
        with contextlib.redirect_stdout(io.StringIO()):
            write_pages(folder)
        assert (folder / "report.html").stat().st_size > 1000


def test_without_checksums_damage_is_found_and_the_older_checkpoint_taken(
    run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    newest = folder / "checkpoints" / "step-00000002"
    (newest / "checksums.json").unlink()
    assert open_checkpoint(folder).step == 2
    for name in ("model.keras", "optimizer.npz", "state.json"):
        content = bytearray((newest / name).read_bytes())
        (newest / name).write_bytes(content[: len(content) // 2])
        said: list[str] = []
        taken = newest_whole(folder / "checkpoints", said.append)
        assert taken == Checkpoint(folder / "checkpoints" / "step-00000001")
        assert len(said) == 1
        assert said[0].startswith(f"{newest} is damaged: {name} cannot be read (")
        (newest / name).write_bytes(bytes(content))


def test_forty_zero_bytes_behind_the_scalars_stop_nobody(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    file = folder / "scalars.jsonl"
    before = b'{"step": 1}\n{"step": 2}\n'
    file.write_bytes(before + b"\0" * 40)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        RunFolder(folder).rewind(10**6)
    assert file.read_bytes() == before
    assert said.getvalue().startswith(f"{file} is damaged: 1 of its lines hold nothing")
