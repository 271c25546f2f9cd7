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
from t2t_multimodel.data.files import (
    not_written,
    remove_abandoned,
    writing,
    written_by_rename,
)


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


AGAIN = "The same command goes on from what is missing."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, f"the disk is full (No space left on device).\nMake room there. {AGAIN}"),
        (
            errno.EDQUOT,
            "your quota of the disk is used up (Disk quota exceeded).\n"
            f"Make room there, or ask for more. {AGAIN}",
        ),
        (
            errno.EFBIG,
            "it grew larger than allowed (File too large).\n"
            f"Raise the limit (`ulimit -f unlimited`), or write to another file system. {AGAIN}",
        ),
        (
            errno.EROFS,
            "the file system is read-only (Read-only file system).\n"
            f"Choose a folder on another one. {AGAIN}",
        ),
        (
            errno.EACCES,
            "you may not write there (Permission denied).\n"
            f"Choose a folder that you may write to. {AGAIN}",
        ),
        (
            errno.EIO,
            "the disk or the network reports a fault (Input/output error).\n"
            f"Look at it: `dmesg` may say more. {AGAIN}",
        ),
    ],
)
def test_a_disk_that_takes_no_more_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    monkeypatch.setattr(os, "fsync", failing(code))
    with pytest.raises(UserError) as caught, written_by_rename(tmp_path / "a") as file:
        file.write(b"whole")
    assert str(caught.value) == f"{tmp_path / 'a'} was not written: {message}"
    assert list(tmp_path.iterdir()) == []


def test_errors_that_are_none_of_writing_pass_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOENT))
    with pytest.raises(OSError, match="No such file"), written_by_rename(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "PATH is a folder.\nGive the name of a file."),
        ("file/below", "PATH was not written: a part of the path is no folder (File exists)."),
        (
            "file/far/below",
            "PATH was not written: a part of the path is no folder (Not a directory).",
        ),
        ("x" * 300, "PATH was not written: the name is too long (File name too long)."),
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
            "x was not written: the disk is full (No space left on device).",
        ),
        (
            "PermissionDeniedError",
            "x was not written: you may not write there (Permission denied).",
        ),
    ],
)
def test_what_tensorflow_says_of_a_disk_is_told_as_any_other_refusal(
    name: str, message: str
) -> None:
    error = type(name, (Exception,), {"__module__": "tensorflow.python.framework.errors_impl"})
    with pytest.raises(UserError) as caught, writing(Path("x")):
        raise error("/tmp/x; No space left on device")
    assert caught.value.message == message


def test_another_error_of_tensorflow_is_none_of_the_disk() -> None:
    error = type("InternalError", (Exception,), {"__module__": "tensorflow.python"})
    with pytest.raises(error), writing(Path("x")):
        raise error("a bug")


def test_an_error_that_hdf5_tells_in_words_is_told_as_what_it_is(tmp_path: Path) -> None:
    error = OSError("Can't write data (file write failed: time = now, errno = 28, error message)")
    assert not_written(tmp_path, error).message == (
        f"{tmp_path} was not written: the disk is full (No space left on device)."
    )
    assert not_written(tmp_path, OSError("odd")).message == f"{tmp_path} was not written: odd."
