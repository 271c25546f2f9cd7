"""Two trainers do not train in one folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.runs import lock as module
from t2t_multimodel.runs.lock import FILE, FolderLock, Holder, locked

HOLD = """
import sys, time
from pathlib import Path
from t2t_multimodel.runs.lock import FolderLock
FolderLock(Path(sys.argv[1])).take()
print("taken", flush=True)
time.sleep(60)
"""


def record(folder: Path, **values: object) -> None:
    known = {"host": socket.gethostname(), "pid": 1, "since": "2026-01-01T00:00:00Z"}
    (folder / FILE).write_text(json.dumps({**known, **values}))


def test_the_second_is_told_who_has_it_and_a_killed_one_is_taken_over(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None and first.stdout.readline() == "taken\n"
    since = json.loads((tmp_path / FILE).read_text())["since"]
    host = socket.gethostname()
    with pytest.raises(UserError) as caught:
        FolderLock(tmp_path).take()
    assert str(caught.value) == (
        f"{tmp_path} is in use: process {first.pid} on {host} since {since} trains in it.\n"
        f"Stop that one (kill {first.pid} on {host}), or give another --output_dir."
    )
    first.kill()
    first.wait()
    first.stdout.close()
    said: list[str] = []
    with locked(FolderLock(tmp_path), said.append):
        assert json.loads((tmp_path / FILE).read_text())["pid"] == os.getpid()
    assert said == [
        f"The lock of process {first.pid} on {host}, which trained here from {since} on and is no "
        "longer there, is taken over."
    ]


def test_a_lock_that_was_given_back_leaves_no_word(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with locked(FolderLock(tmp_path / "run"), said.append):
            with pytest.raises(UserError, match="is in use: process "):
                FolderLock(tmp_path / "run").take()
    assert said == []


def test_an_error_in_the_block_gives_it_back(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(FolderLock(tmp_path)):
        raise KeyError
    assert FolderLock(tmp_path).take() is None


def test_another_machine_is_alive_as_long_as_it_gives_signs(tmp_path: Path) -> None:
    record(tmp_path, host="elsewhere", pid=7)
    with pytest.raises(UserError, match="is in use: process 7 on elsewhere since 2026-01-01T00:00"):
        FolderLock(tmp_path).take()
    old = time.time() - module.DEAD_SECONDS - 1
    os.utime(tmp_path / FILE, (old, old))
    assert FolderLock(tmp_path).take() == Holder("elsewhere", 7, "2026-01-01T00:00:00Z")


def test_without_the_systems_locks_the_record_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_locked", lambda file: None)
    record(tmp_path, pid=os.getppid())
    with pytest.raises(UserError, match=f"is in use: process {os.getppid()} on "):
        FolderLock(tmp_path).take()
    record(tmp_path, pid=2**22 + 1)  # above the largest that Linux gives
    holder = FolderLock(tmp_path).take()
    assert holder is not None and holder.pid == 2**22 + 1


def test_a_record_that_a_kill_cut_is_no_holder(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"host"')
    assert FolderLock(tmp_path).take() is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        FolderLock(tmp_path / "file" / "run").take()
    assert str(caught.value) == (
        f"{tmp_path}/file/run/.lock was not written: a part of the path is no folder (Not a "
        "directory).\nChoose another one. The same command goes on from what is missing."
    )
