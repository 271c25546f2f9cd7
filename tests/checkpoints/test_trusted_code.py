"""A run that was received names no code that is executed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.remote_storage import MemoryFileSystem, memory_storage

from t2t_multimodel import UserError, registry, storage, usr_dir
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.code_hash import code_hash
from t2t_multimodel.checkpoints.trusted_code import (
    admit,
    admit_run,
    remember,
    state_folder,
)

CODE = """
from pathlib import Path
from t2t_multimodel import ClassLabel, Problem, Text, register_problem

Path(__file__).with_name("executed").touch()


@register_problem("theirs")
class Theirs(Problem):
    inputs = Text()
    targets = ClassLabel(2)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "usr"
    folder.mkdir()
    (folder / "tasks.py").write_text(CODE)
    return folder


def executed(code: Path) -> bool:
    return (code / "executed").exists()


def test_a_run_is_refused_with_the_folder_of_its_code(tmp_path: Path, code: Path) -> None:
    with pytest.raises(UserError) as caught:
        admit(tmp_path / "run", [str(code)], ["theirs"])
    assert str(caught.value) == (
        f"{tmp_path}/run was made with the code in {code}; without it there is no problem "
        f"'theirs'.\nPass --usr_dir={code} if you trust it."
    )
    assert not executed(code) and usr_dir.added() == ()


def test_code_that_is_not_here_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        admit(tmp_path / "run", ["/no/where"], ["theirs"])
    assert str(caught.value) == (
        f"{tmp_path}/run was made with the code in /no/where, which is not on this machine; "
        "without it there is no problem 'theirs'.\nPass --usr_dir=FOLDER if you trust it."
    )


def test_code_at_an_url_is_fetched_after_consent_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with memory_storage(tmp_path) as store:
        MemoryFileSystem().pipe_file("/code/tasks.py", CODE.encode())
        fetched: list[str] = []
        fetch = storage.fetch
        monkeypatch.setattr(
            storage, "fetch", lambda path: fetched.append(storage.shown(path)) or fetch(path)
        )
        with pytest.raises(UserError, match=r"made with the code in memory://code/tasks\.py"):
            admit(tmp_path, ["memory://code/tasks.py"], ["theirs"])
        assert fetched == []
        usr_dir.add("memory://code/tasks.py")
        remember(tmp_path, usr_dir.added())
        usr_dir._added.clear()
        admit(tmp_path, ["memory://code/tasks.py"], ["theirs"])
        assert fetched[-1] == "memory://code/tasks.py"
        assert store.keys() == {"/code/tasks.py"}


def test_who_made_the_run_here_has_agreed(tmp_path: Path, code: Path) -> None:
    remember(tmp_path / "run", [str(code)])
    admit(tmp_path / "run", [str(code)], ["theirs"])
    assert usr_dir.added() == (str(code),)
    registry.problems.get("theirs")
    assert executed(code)


def test_the_same_code_for_another_run_is_not_agreed_to(tmp_path: Path, code: Path) -> None:
    remember(tmp_path / "mine", [str(code)])
    with pytest.raises(UserError, match="was made with the code in"):
        admit(tmp_path / "received", [str(code)], ["theirs"])


def test_changed_code_is_not_agreed_to(tmp_path: Path, code: Path) -> None:
    remember(tmp_path / "run", [str(code)])
    (code / "tasks.py").write_text(CODE + "\n# more\n")
    with pytest.raises(UserError) as caught:
        admit(tmp_path / "run", [str(code)], ["theirs"])
    assert str(caught.value) == (
        f"The code in {code} has changed since {tmp_path}/run was made with it; without it there "
        f"is no problem 'theirs'.\nPass --usr_dir={code} if you trust it."
    )
    assert not executed(code)


def test_code_that_no_problem_needs_is_left_out_without_a_word(tmp_path: Path, code: Path) -> None:
    admit(tmp_path / "run", [str(code)], ["octet_ende"])
    assert usr_dir.added() == ()


def test_usr_dir_agrees(tmp_path: Path, code: Path) -> None:
    usr_dir.add(code)
    admit(tmp_path / "run", ["/elsewhere/usr"], ["theirs"])


def test_a_run_that_goes_on_names_its_code_in_its_config(tmp_path: Path, code: Path) -> None:
    run = tmp_path / "run"
    admit_run(run)
    run.mkdir()
    record = {"config": {"problems": [{"name": "theirs", "rate": 1.0}]}, "usr_dirs": [str(code)]}
    (run / "config.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=f"^{run} was made with the code in {code}; "):
        admit_run(run)
    admit_run(run, ["octet_ende"])


def test_reading_the_config_of_a_checkpoint_imports_nothing(tmp_path: Path, code: Path) -> None:
    path = tmp_path / "run" / "checkpoints" / "step-00000001"
    path.mkdir(parents=True)
    state = {
        "step": 1,
        "config": {"problems": [{"name": "theirs", "rate": 1.0}]},
        "usr_dirs": [str(code)],
    }
    (path / "state.json").write_text(json.dumps(state))
    checkpoint = Checkpoint(path)
    assert checkpoint.problems([]) == ["theirs"]
    assert usr_dir.added() == ()
    with pytest.raises(UserError, match=f"^{tmp_path}/run was made with the code in "):
        checkpoint.admit_code()
    remember(tmp_path / "run", [str(code)])
    checkpoint.admit_code()
    assert usr_dir.added() == (str(code),)


def test_damaged_notes_agree_to_nothing(tmp_path: Path, code: Path) -> None:
    run, lines = tmp_path / "run", []
    remember(run, [str(code)])
    (note,) = [file for file in state_folder().iterdir() if str(run) in file.read_text()]
    note.write_text('{"run"')
    with pytest.raises(UserError, match="was made with the code in"):
        admit(run, [str(code)], ["theirs"], lines.append)
    assert len(lines) == 1 and lines[0].startswith(f"{note} is damaged: it is no JSON (")


def test_consent_that_cannot_be_noted_is_told(
    tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    lines: list[str] = []
    remember(tmp_path / "run", [str(code)], lines.append)
    assert len(lines) == 1
    assert lines[0].startswith(f"Later commands on {tmp_path}/run need --usr_dir again: ")


def test_the_hash_is_of_every_source_file(code: Path) -> None:
    before = code_hash(str(code))
    (code / "below").mkdir()
    (code / "below" / "helper.py").write_text("A = 1\n")
    with_helper = code_hash(str(code))
    (code / "below" / "helper.py").write_text("A = 2\n")
    (code / "notes.txt").write_text("no code")
    assert len({before, with_helper, code_hash(str(code))}) == 3
