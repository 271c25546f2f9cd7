"""Killed twice and gone on with, a run equals one that was never disturbed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from helpers.finished_run import TASKS, Run

from t2t_multimodel import UserError
from t2t_multimodel.train.verify_resume import _compare_arrays, _compare_scalars, verify_resume


class Saved:
    """A checkpoint with one weight and one slot."""

    path = Path("some")

    def __init__(self, slot: float) -> None:
        self.slot = slot

    def model(self) -> object:
        class Model:
            variables = ()

        return Model()

    def optimizer(self) -> dict[str, np.ndarray]:
        return {"m/w": np.float32([self.slot])}


def test_a_run_killed_twice_equals_one_that_was_not(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    flags = [f"--usr_dir={TASKS}", "--hparams_set=made_tiny", f"--data_dir={run.data_dir}"]
    flags += ["--problems=made_colours"]
    hparams = "optimizer.method=muon,optimizer.ema_decay=0.5"
    hparams += ",train.accumulate=2,train.parallel_batches=2"
    verify_resume(flags, hparams, tmp_path, steps=12, kills=2)  # made_tiny moves balancing biases
    undisturbed, *kills, result = capsys.readouterr().out.splitlines()
    assert undisturbed == "undisturbed: 12 steps"
    assert [line[:15] for line in kills] == ["killed in step "] * 2
    assert result.startswith("2 kills: 12 steps' losses and ")
    assert result.endswith(" arrays are equal bit for bit.")
    record = json.loads((tmp_path / "killed" / "config.json").read_text())
    assert len(record["sessions"]) == 3


def test_another_loss_is_found() -> None:
    wanted = {1: {"a/train/xent": 2.0}, 2: {"a/train/xent": 1.0}}
    _compare_scalars(wanted, {1: {"a/train/xent": 2.0}})
    with pytest.raises(UserError, match="^Step 1 differs: .*2.0000001.* after kills, .*2.0"):
        _compare_scalars(wanted, {1: {"a/train/xent": 2.0000001}})
    with pytest.raises(UserError, match="^Step 2 differs: None after kills, "):
        _compare_scalars(wanted, {1: {"a/train/xent": 2.0}}, steps=2)


def test_another_slot_is_found() -> None:
    assert _compare_arrays(Saved(1.0), Saved(1.0)) == 1  # type: ignore[arg-type]
    with pytest.raises(UserError, match="^m/w differs between some and some.$"):
        _compare_arrays(Saved(1.0), Saved(1.0000001))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["killed", "undisturbed", "config.json"])
def test_runs_that_are_there_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=f"^{tmp_path} holds runs already.\n"):
        verify_resume([], "", tmp_path, steps=20)


def test_there_must_be_more_steps_than_kills(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="^10 kills need more than 10 steps.\nRaise --train_steps"):
        verify_resume([], "", tmp_path, steps=10)
