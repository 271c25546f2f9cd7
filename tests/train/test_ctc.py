"""The second loss of speech in a run: it falls, and a run that goes on still has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.finished_run import TASKS, forget_small_tasks

from t2t_multimodel import usr_dir
from t2t_multimodel.overrides import Overrides, Resolved, resolve
from t2t_multimodel.train.main import train

SUNG = TASKS.with_name("sung_tasks.py")


def settings(steps: int, more: str = "") -> Resolved:
    changes = (
        f"model.ctc_weight=1,model.nets.audio_channels=16+16,train.steps={steps},train.log_steps=10,"
        f"train.checkpoint_steps=20,evaluate.examples=4,evaluate.final_examples=4{more}"
    )
    return resolve("made_tiny", Overrides(problems=["sung_words"], hparams=changes))


def test_it_falls_and_a_run_that_goes_on_has_it_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()
    for file in (TASKS, SUNG):
        usr_dir.add(file)
    for steps in (20, 40):
        train(settings(steps), tmp_path / "data", None, tmp_path / "run")
    assert "Going on from" in capsys.readouterr().out
    logged: dict[int, dict[str, float]] = {}
    for line in (tmp_path / "run" / "scalars.jsonl").read_text().splitlines():
        scalars = json.loads(line)
        logged.setdefault(scalars["step"], {}).update(scalars)
    nats = [logged[step]["sung_words/train/ctc"] for step in (10, 20, 30, 40)]
    assert nats[3] < nats[2] < nats[1] < nats[0]
    assert nats[3] < 0.7 * nats[0]
    assert logged[40]["sung_words/train/ctc_fits"] == 1.0
