"""The runner on real runs of a few steps: what it trains, skips, goes on with and refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.tiny_experiment import PROBLEM, SENTENCE, arm, experiment, request

from t2t_multimodel import UserError
from t2t_multimodel.paper import Experiment
from t2t_multimodel.paper.main import run_experiments, write_page
from t2t_multimodel.paper.runner import jobs_of, missing, train_missing
from t2t_multimodel.train import main as training

_trained: dict[str, str] = {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both arms are trained, once the first test asks for them."""
    return tmp_path_factory.mktemp("width")


@pytest.fixture
def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the training of both arms and their page said."""
    if "said" not in _trained:
        run_experiments(request(folder), "width", "mm-paper run width.py --seeds=1")
        _trained["said"] = capsys.readouterr().out
    return _trained["said"]


def test_arms_are_trained_one_after_the_other_and_the_time_left_is_told(said: str) -> None:
    lines = said.splitlines()
    assert lines[0] == "2 runs, of which 0 are finished."
    begin = lines.index("Run 1 of 2: wide-seed0")
    made = [line for line in lines[:begin] if line.startswith("made_colours test: 14 examples, ")]
    assert len(made) == 1  # data are made before the first run
    assert re.fullmatch(r"wide-seed0 is finished after (\d+m)?\d+s\.", lines[begin + 1])
    (second,) = (line for line in lines if line.startswith("Run 2 of 2"))
    assert re.fullmatch(r"Run 2 of 2: narrow-seed0, about (\d+m)?\d+s to go", second)


def test_each_arm_is_an_ordinary_run_and_leaves_one_file(said: str, folder: Path) -> None:
    names = sorted(path.name for path in (folder / "runs").iterdir())
    assert names == ["narrow-seed0", "narrow-seed0.json", "wide-seed0", "wide-seed0.json"]
    for name, width in (("narrow", 16), ("wide", 32)):
        record = json.loads((folder / "runs" / f"{name}-seed0.json").read_text())
        assert (record["arm"], record["seed"]) == (name, 0)
        assert record["config"]["model"]["hidden_size"] == width
        assert [row["problem"] for row in record["rows"]] == [PROBLEM]
        assert len(record["examples"][0]["counts"]) == 8
        assert record["cpu_seconds"] > 0
        run = folder / "runs" / f"{name}-seed0"
        assert (run / "checkpoints" / "step-00000004").is_dir()


def test_the_page_says_that_one_seed_shows_no_spread(said: str, folder: Path) -> None:
    page = (folder / "width.md").read_text()
    assert SENTENCE in page
    assert (
        "There is one seed only: nothing is said of the spread over seeds, and another seed may "
        "come out otherwise."
    ) in page.replace("\n", " ")
    assert said.splitlines()[-1] == f"Page: {folder}/width.html and {folder}/width.md"


def test_arms_that_are_done_are_skipped(
    said: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training, "train", None)
    assert train_missing(request(folder))
    assert capsys.readouterr().out == "2 runs, of which 2 are finished.\n"


def test_every_arm_is_trained_once_before_any_is_trained_again(tmp_path: Path) -> None:
    names = [job.name for job in jobs_of(request(tmp_path, seeds=2))]
    assert names == ["wide-seed0", "narrow-seed0", "wide-seed1", "narrow-seed1"]


def test_a_further_seed_trains_the_new_runs_alone(said: str, folder: Path) -> None:
    more = request(folder, seeds=2)
    assert [job.name for job in missing(jobs_of(more), more)] == ["wide-seed1", "narrow-seed1"]
    one = replace(more, only=("narrow",))
    assert [job.name for job in missing(jobs_of(one), one)] == ["narrow-seed1"]


def test_a_record_of_another_experiment_is_refused(said: str, folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        train_missing(request(folder, experiment(steps=5)))
    assert str(caught.value) == (
        f"{folder}/runs/wide-seed0.json is of another experiment:\n"
        "  train.steps: 4 then, 5 now\n"
        "Give another --output_dir, or move that away."
    )


def test_a_run_of_another_experiment_is_refused(said: str, folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        train_missing(request(folder, experiment(steps=5), results_dir=folder / "others"))
    assert str(caught.value).startswith(f"{folder}/runs/wide-seed0 is of another experiment:\n")


def test_records_may_lie_apart_and_a_finished_run_leaves_its_own_anew(
    said: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train", None)
    assert train_missing(request(folder, results_dir=tmp_path))
    for name in ("narrow-seed0.json", "wide-seed0.json"):
        assert (tmp_path / "runs" / name).read_bytes() == (folder / "runs" / name).read_bytes()


def test_the_page_alone_needs_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        write_page(request(tmp_path), "width", "")
    assert str(caught.value) == (
        f"No run of width is finished in {tmp_path}.\nLeave --page_only out to train them."
    )


def test_an_unknown_arm_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        jobs_of(request(tmp_path, only=("wied",)))
    assert str(caught.value) == "No arm is named 'wied'. Did you mean 'wide'?\nKnown: narrow, wide."


def test_two_experiments_may_not_mean_different_arms_by_one_name(tmp_path: Path) -> None:
    two = (experiment(), experiment(steps=5))
    with pytest.raises(UserError) as caught:
        jobs_of(request(tmp_path, experiments=two))
    assert str(caught.value) == "Two experiments have different arms named wide."


def test_a_block_that_a_set_lacks_cannot_be_taken_out(tmp_path: Path) -> None:
    lacking = Experiment(
        name="lacking",
        arms=(arm("no_mixer", settings="model.body=t2t_v2,model.body.mixer_blocks=0"),),
        comparisons=(),
    )
    with pytest.raises(UserError) as caught:
        jobs_of(request(tmp_path, lacking))
    assert "mixer_blocks" in str(caught.value)


def test_a_problem_without_data_says_how_to_get_them(tmp_path: Path) -> None:
    one = Experiment(name="far", arms=(arm("far", problems=("wsj_parse",)),), comparisons=())
    with pytest.raises(UserError, match="--raw_dir="):
        train_missing(request(tmp_path, one))


KILLED = f"""
import os, signal
from pathlib import Path
from helpers.tiny_experiment import arm, request
from t2t_multimodel.paper import Experiment
from t2t_multimodel.paper.one_run import train_run
from t2t_multimodel.paper.runner import jobs_of, tasks_of
from t2t_multimodel.train.loop import Trainer

save = Trainer.save

def save_and_die(trainer):
    save(trainer)
    trainer.saver.wait()
    os.kill(os.getpid(), signal.{signal.SIGKILL.name})

Trainer.save = save_and_die
one = Experiment(name="killed", arms=(arm("narrow"),), comparisons=())
wanted = request(Path(os.environ["FOLDER"]), one)
(task,) = tasks_of(jobs_of(wanted), wanted)
train_run(task)
"""


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    environment = {**os.environ, "PYTHONPATH": paths, "FOLDER": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    run = tmp_path / "runs" / "narrow-seed0"
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-00000002"]

    one = Experiment(name="killed", arms=(arm("narrow"),), comparisons=())
    assert train_missing(request(tmp_path, one))
    assert f"Going on from {run}/checkpoints/step-00000002, step 2." in capfd.readouterr().out
    assert len(json.loads((run / "config.json").read_text())["sessions"]) == 2
    record = json.loads((tmp_path / "runs" / "narrow-seed0.json").read_text())
    assert record["cpu_seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tabel2"], "mm-paper has no table or action 'tabel2'. Did you mean 'table2'?"),
        (["table2", "--arms=joitn"], "No arm is named 'joitn'. Did you mean 'joint'?"),
        (
            ["table2", "--page_only", "--jobs=2"],
            "--jobs says how runs are trained, and --page_only trains none.",
        ),
    ],
)
def test_unknown_names_and_flags_without_effect_end_with_code_2(
    run_command: Callable, arguments: list[str], message: str
) -> None:
    done = run_command("mm_paper", *arguments)
    assert (done.code, "Traceback" in done.err) == (2, False)
    assert message in done.err
