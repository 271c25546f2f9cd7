"""A run whose folder was moved goes on and is evaluated as if it had not been."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks

from t2t_multimodel import usr_dir
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.evaluate.main import EvalRequest, evaluate_checkpoint
from t2t_multimodel.overrides import Overrides, resolve
from t2t_multimodel.report.difference import differences
from t2t_multimodel.report.pages import write_pages
from t2t_multimodel.report.record import read_record
from t2t_multimodel.train import main


@pytest.fixture
def moved(run: Run, tmp_path: Path) -> Path:
    """Run, data and tasks in other places; the old ones are not there."""
    forget_small_tasks()
    for source, name in ((run.folder, "run"), (run.data_dir, "data")):
        shutil.copytree(source, tmp_path / name, symlinks=True)
    shutil.copy(TASKS, tmp_path / "tasks.py")
    for file in (tmp_path / "run").rglob("state.json"):
        assert str(TASKS) in file.read_text()
        state = json.loads(file.read_text()) | {"usr_dirs": ["/no/where.py"]}
        file.write_text(json.dumps(state))
        (file.parent / "checksums.json").unlink()
    usr_dir.add(tmp_path / "tasks.py")
    return tmp_path


def test_it_goes_on(run: Run, moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resolved = resolve("made_tiny", Overrides(train_steps=91, hparams="evaluate.decode_examples=0"))
    rows = main.train(resolved, moved / "data", None, moved / "run")
    assert [row.result.problem for row in rows] == list(run.prepared)
    assert f"Going on from {moved}/run/checkpoints/step-00000090" in capsys.readouterr().out
    assert open_checkpoint(moved / "run").step == 91


def test_it_is_evaluated_and_compared(run: Run, moved: Path) -> None:
    best = open_checkpoint(moved / "run" / "checkpoints" / "best-joint")
    request = EvalRequest(problems=["made_colours"], data_dir=moved / "data")
    (row,) = evaluate_checkpoint(best, request)
    assert row.result.examples == 14
    assert differences(read_record(run.folder), read_record(moved / "run")) == []


def test_it_is_reported(run: Run, moved: Path) -> None:
    html, markdown = write_pages(moved / "run", moved / "page.html")
    text = markdown.read_text()
    assert "| last step logged | 90 of 90 |" in text
    for row in json.loads((run.folder / "results.json").read_text()):
        for name, score in row["scores"].items():
            assert f"| {row['problem']} | {name} | {score:.4f} |" in text
    for one in json.loads((run.folder / "samples.json").read_text()).values():
        for sample in one["samples"]:
            assert f"| {sample['words']} | {sample['target']} | {sample['output']} |" in text
            assert sample["data"] in html.read_text()
