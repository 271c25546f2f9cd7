"""The settings that a user asks for: those of a set, or of the run that goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.finished_run import TASKS, forget_small_tasks

from t2t_multimodel import usr_dir
from t2t_multimodel.overrides import Overrides, resolve
from t2t_multimodel.train.settings import asked_settings


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The folder of a run with settings of its own."""
    forget_small_tasks()
    usr_dir.add(TASKS)
    own = resolve("made_tiny", Overrides(settings={"train.steps": 7}))
    record = {"hparams_set": "made_tiny", "config": own.config.to_dict(), "origins": own.origins}
    (tmp_path / "config.json").write_text(json.dumps(record))
    return tmp_path


def test_a_run_goes_on_with_its_own_settings_if_no_set_is_named(begun: Path) -> None:
    resolved, folder = asked_settings(None, begun, Overrides(settings={"train.log_steps": 3}))
    assert (resolved.config.train.steps, resolved.config.train.log_steps) == (7, 3)
    assert resolved.origins["train.steps"] == "hparams"
    assert folder == begun


def test_a_set_that_is_named_holds(begun: Path) -> None:
    resolved, folder = asked_settings("made_tiny", begun, Overrides())
    assert (resolved.config.train.steps, folder) == (90, begun)


def test_without_either_it_is_the_default_set(tmp_path: Path) -> None:
    resolved, folder = asked_settings(None, None, Overrides())
    assert (resolved.set_name, folder) == ("octet_quick", Path("runs/octet_quick"))
    assert asked_settings(None, tmp_path, Overrides())[0].set_name == "octet_quick"
