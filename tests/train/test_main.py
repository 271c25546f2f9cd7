"""What a run begins with."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks

from t2t_multimodel import UserError, usr_dir
from t2t_multimodel.overrides import Overrides, resolve
from t2t_multimodel.train import main


def weights(model: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.variables]


def test_the_same_seed_makes_the_same_model(run: Run) -> None:
    config = run.resolved.config
    first, second = (weights(main.new_model(config, run.prepared)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    other = config.replace(train=config.train.replace(seed=1))
    third = weights(main.new_model(other, run.prepared))
    assert not all(np.array_equal(a, b) for a, b in zip(first, third, strict=True))


class Trainer:
    """Notes what it is asked to do."""

    step = 0
    seconds = 75.0
    stops = False

    def __init__(self, config: Any, prepared: Any, model: Any, *others: Any) -> None:
        self.config, self.model, self.asked = config, model, []
        self.folder = others[1]

    @property
    def finished(self) -> bool:
        return self.step >= self.config.train.steps

    def standing(self) -> dict[str, int]:
        return {}

    def restore(self, checkpoint: Any) -> None:
        self.step = checkpoint.step
        self.asked.append("restore")

    def run(self, stop: Any) -> None:
        self.asked.append("run")
        if self.stops:
            signal.raise_signal(signal.SIGTERM)
            assert stop
        else:
            self.step = self.config.train.steps


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)
    monkeypatch.setattr(main, "Trainer", Trainer)
    monkeypatch.setattr(main, "write_final_table", lambda trainer: trainer)


def copied(run: Run, folder: Path) -> Path:
    """What the run left, without the time and the scores."""
    newest = Path("checkpoints", "step-00000090")
    shutil.copytree(run.folder / newest, folder / "run" / newest)
    shutil.copy(run.folder / "config.json", folder / "run")
    return folder / "run"


@pytest.mark.usefixtures("stubbed")
def test_a_run_with_a_checkpoint_goes_on_from_it(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = resolve("made_tiny", Overrides(train_steps=120))
    trainer: Any = main.train(longer, run.data_dir, None, copied(run, tmp_path))
    assert trainer.asked == ["restore", "run"]
    kept = weights(run.trainer.model)
    assert all(np.array_equal(a, b) for a, b in zip(weights(trainer.model), kept, strict=True))
    going_on, about, compiling, trained = capsys.readouterr().out.splitlines()
    assert going_on == f"Going on from {tmp_path}/run/checkpoints/step-00000090, step 90."
    assert about == f"{tmp_path}/run: made_tiny, 4 problems, 0.0 M parameters, 120 steps"
    assert compiling == "Compiling; the first losses follow at step 91."
    assert trained == "Trained in 1m15s, in 2 starts."


@pytest.mark.usefixtures("stubbed")
def test_a_finished_run_is_only_scored_again(run: Run, tmp_path: Path) -> None:
    trainer: Any = main.train(run.resolved, run.data_dir, None, copied(run, tmp_path))
    assert trainer.asked == ["restore"]


@pytest.mark.usefixtures("stubbed")
def test_a_run_without_a_checkpoint_begins_anew(run: Run, tmp_path: Path) -> None:
    trainer: Any = main.train(run.resolved, run.data_dir, None, tmp_path)
    assert trainer.asked == ["run"]


@pytest.mark.usefixtures("stubbed")
def test_a_run_with_other_settings_is_refused_before_data_is_made(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        main.train(
            resolve("made_tiny", Overrides(hparams="train.seed=1")),
            tmp_path / "data",
            None,
            run.folder,
        )
    assert str(caught.value) == (
        f"{run.folder} holds a run with other settings:\n"
        "  train.seed: 0 then, 1 now\n"
        "Give the same settings to go on with it, or another --output_dir."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("stubbed")
def test_a_run_stopped_by_a_signal_says_how_to_go_on(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Trainer, "stops", True)
    assert main.train(run.resolved, run.data_dir, None, tmp_path) == []
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"Stopped by SIGTERM at step 0; everything is saved in {tmp_path}. "
        "The same command goes on from there."
    )


@pytest.mark.usefixtures("stubbed")
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(run, tmp_path)
    before = Path("checkpoints", "step-00000060")
    shutil.copytree(run.folder / before, folder / before)
    newest = folder / "checkpoints" / "step-00000090"
    (newest / "model.keras").write_bytes(b"")
    trainer: Any = main.train(run.resolved, run.data_dir, None, folder)
    assert trainer.asked == ["restore", "run"]
    damaged, going_on, *_ = capsys.readouterr().out.splitlines()
    assert damaged == (
        f"{newest} is damaged: model.keras is not what was written. "
        "The checkpoint before it is taken."
    )
    assert going_on == f"Going on from {folder / before}, step 60."
