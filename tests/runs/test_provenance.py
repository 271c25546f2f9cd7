"""What a run says of the code and the machine that made it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from t2t_multimodel.runs import provenance
from t2t_multimodel.runs.provenance import git_state, session


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "a.py").write_text("1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_checkout_is_known_by_its_commit(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD").strip()
    assert git_state(checkout / "package") == {"commit": commit, "changed": []}


def test_uncommitted_changes_are_named(checkout: Path) -> None:
    (checkout / "package" / "a.py").write_text("2\n")
    (checkout / "b.py").write_text("3\n")
    state = git_state(checkout / "package")
    assert state is not None and state["changed"] == ["package/a.py", "b.py"]


def test_what_lies_in_somebody_elses_checkout_is_not_of_it(checkout: Path) -> None:
    (checkout / "venv").mkdir()
    (checkout / "venv" / "installed.py").write_text("1\n")
    assert git_state(checkout / "venv") is None


def test_outside_of_a_checkout_there_is_no_state(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None


def test_a_machine_without_git_has_no_state(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_state(checkout / "package") is None


def test_a_session_names_versions_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("keras", "no-such-package"))
    monkeypatch.setattr("sys.argv", ["mm-trainer", "--train_steps=3"])
    one = session()
    assert one["packages"]["keras"].startswith("3.")
    assert one["packages"]["no-such-package"] == "not installed"
    assert one["command"] == ["mm-trainer", "--train_steps=3"]
    assert set(one) == {"time", "command", "packages", "python", "system", "backend", "git"}
