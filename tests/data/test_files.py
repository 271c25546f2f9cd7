"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.data import files
from t2t_multimodel.data.files import refusals, remove_abandoned, written_by_rename


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with written_by_rename(path) as file:
        file.write(b"old")
    with pytest.raises(ValueError), written_by_rename(path) as file:
        file.write(b"half")
        raise ValueError
    assert path.read_bytes() == b"old"
    with written_by_rename(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_two_writers_of_one_file_do_not_harm_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with written_by_rename(path) as one:
        one.write(b"first half, ")
        with written_by_rename(path) as other:
            other.write(b"of the other")
        assert path.read_bytes() == b"of the other"
        one.write(b"second half")
    assert path.read_bytes() == b"first half, second half"
    assert list(tmp_path.iterdir()) == [path]


HOLD = """
import sys, time
from pathlib import Path
from t2t_multimodel.data.files import written_by_rename
with written_by_rename(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("ready", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_has_stays(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "a"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        assert remove_abandoned(tmp_path) == 0
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(f".a.{writer.pid}-") and left.read_bytes() == b"half"
        writer.kill()
    deadline = time.monotonic() + 10  # the kernel frees the lock when it has buried the process
    while not remove_abandoned(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_swept_before_it_is_locked_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = files.fcntl.flock
    swept = []

    def late(file: object, how: int) -> None:
        if not swept:
            (temporary,) = tmp_path.iterdir()
            temporary.unlink()
            swept.append(temporary)
        lock(file, how)

    monkeypatch.setattr(files.fcntl, "flock", late)
    with written_by_rename(tmp_path / "a") as file:
        file.write(b"whole")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"whole")]
    assert len(swept) == 1


def test_without_locks_nothing_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(files.fcntl, "flock", none)
    with written_by_rename(tmp_path / "a") as file:
        file.write(b"whole")
        assert remove_abandoned(tmp_path) == 0
    assert (tmp_path / "a").read_bytes() == b"whole"


def failing(code: int) -> Callable[[int], None]:
    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    return fail


ROOM = "Make room and run the same command again: it goes on from what is missing."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            errno.ENOSPC,
            f"The disk is full: PATH was not written (No space left on device).\n{ROOM}",
        ),
        (errno.EDQUOT, f"The disk is full: PATH was not written (Disk quota exceeded).\n{ROOM}"),
        (
            errno.EFBIG,
            "PATH was not written: it grew larger than allowed (File too large).\n"
            "Raise the limit (`ulimit -f unlimited`), or write to another file system.",
        ),
        (
            errno.EROFS,
            "PATH was not written: Read-only file system.\n"
            "Choose a folder that you may write to, e.g. with --data_dir.",
        ),
    ],
)
def test_a_disk_that_takes_no_more_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    monkeypatch.setattr(os, "fsync", failing(code))
    with pytest.raises(UserError) as caught, written_by_rename(tmp_path / "a") as file:
        file.write(b"whole")
    assert str(caught.value) == message.replace("PATH", str(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_system_pass_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"), written_by_rename(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "PATH is a folder.\nGive the name of a file."),
        ("file/below", "PATH was not written: File exists."),
        ("file/far/below", "PATH was not written: Not a directory."),
        ("x" * 300, "PATH was not written: File name too long."),
    ],
)
def test_what_can_be_no_file_is_told_before_the_work(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as caught, written_by_rename(tmp_path / name):
        pytest.fail("the block must not run")
    assert str(caught.value).startswith(message.replace("PATH", str(tmp_path / name)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "ResourceExhaustedError",
            "The disk is full: x was not written (No space left on device).",
        ),
        ("PermissionDeniedError", "x was not written: Permission denied."),
    ],
)
def test_what_tensorflow_says_of_a_disk_is_told_as_any_other_refusal(
    name: str, message: str
) -> None:
    error = type(name, (Exception,), {"__module__": "tensorflow.python.framework.errors_impl"})
    with pytest.raises(UserError) as caught, refusals(Path("x")):
        raise error("/tmp/x; No space left on device")
    assert caught.value.message == message


def test_another_error_of_tensorflow_is_none_of_the_disk() -> None:
    error = type("InternalError", (Exception,), {"__module__": "tensorflow.python"})
    with pytest.raises(error), refusals(Path("x")):
        raise error("a bug")
