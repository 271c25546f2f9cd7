"""What a run begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_run import TASKS, Run, forget_made_tasks

from t2t_multimodel import UserError, usr_dir
from t2t_multimodel.overrides import resolve
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

    def __init__(self, config: Any, prepared: Any, model: Any, engine: Any, folder: Any) -> None:
        self.model, self.asked = model, []

    def restore(self, checkpoint: Any) -> None:
        self.step = checkpoint.step
        self.asked.append("restore")

    def run(self) -> None:
        self.asked.append("run")


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_made_tasks()
    usr_dir.add(TASKS)
    monkeypatch.setattr(main, "Trainer", Trainer)
    monkeypatch.setattr(main, "final_table", lambda trainer: trainer)


@pytest.mark.usefixtures("stubbed")
def test_a_run_with_a_checkpoint_goes_on_from_it(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer: Any = main.train(run.resolved, run.data_dir, None, run.folder)
    assert trainer.asked == ["restore", "run"]
    kept = weights(run.trainer.model)
    assert all(np.array_equal(a, b) for a, b in zip(weights(trainer.model), kept, strict=True))
    going_on, about, trained = capsys.readouterr().out.splitlines()
    assert going_on == f"Going on from {run.folder}/checkpoints/step-00000090, step 90."
    assert about == f"{run.folder}: made_tiny, 4 problems, 0.0 M parameters, 90 steps"
    assert trained == "Trained in 0s."


@pytest.mark.usefixtures("stubbed")
def test_a_run_without_a_checkpoint_begins_anew(run: Run, tmp_path: Path) -> None:
    trainer: Any = main.train(run.resolved, run.data_dir, None, tmp_path)
    assert trainer.asked == ["run"]


@pytest.mark.usefixtures("stubbed")
def test_a_run_with_other_settings_is_refused(run: Run) -> None:
    with pytest.raises(UserError) as caught:
        main.train(resolve("made_tiny", hparams="train.seed=1"), run.data_dir, None, run.folder)
    assert str(caught.value) == (
        f"{run.folder} holds a run with other settings:\n"
        "  train.seed: 0 then, 1 now\n"
        "Give the same settings to go on with it, or another --output_dir."
    )
