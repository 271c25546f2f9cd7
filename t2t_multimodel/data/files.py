"""Files that appear whole or not at all, whoever is killed and whoever else writes them too."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from t2t_multimodel.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG),
    *(errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG),
)
_OF_TENSORFLOW = {
    "ResourceExhaustedError": errno.ENOSPC,
    "PermissionDeniedError": errno.EACCES,
    "FailedPreconditionError": errno.ENOTDIR,
    "OutOfRangeError": errno.EFBIG,
}
"""Name of an error of TensorFlow -> the number that it stands for."""


@contextmanager
def written_by_rename(path: Path) -> Iterator[BinaryIO]:
    """Opens a temporary file that becomes `path` when the block ends without an error.

    A kill at any moment leaves either the whole file or none under that name, and of two who
    write it the last one's stays, whole.

    Raises:
        UserError: the disk is full, writing there is not allowed, or `path` is a folder or below
            a file; nothing is left behind.
    """
    with refusals(path):
        if path.is_dir():  # told before the work is done
            raise UserError(f"{path} is a folder.", "Give the name of a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, file = _open_locked(path)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """What a disk refuses while `path` is written becomes a `UserError`, whoever writes.

    TensorFlow, and TensorBoard where it is installed, raise errors of their own in place of
    `OSError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (*_FULL, *_REFUSED):
            raise
        raise _refused(path, error) from error
    except Exception as error:
        number = _OF_TENSORFLOW.get(type(error).__name__)
        if number is None or not type(error).__module__.startswith("tensorflow"):
            raise
        raise _refused(path, OSError(number, os.strerror(number))) from error


def _open_locked(path: Path) -> tuple[Path, BinaryIO]:
    """A new file with a lock on it that its writer's death sets free."""
    while True:
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        file = open(temporary, "xb")
        with suppress(OSError):  # a file system without locks: then nobody removes anything
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():  # else `remove_abandoned` was quicker than the lock
            return temporary, file
        file.close()


def json_lines(file: Path) -> Iterator[tuple[Any, str]]:
    """(value, line) of each line that is whole: a kill may have cut the last one off."""
    with open(file, newline="\n") as stream:
        for line in stream:
            if line.endswith("\n"):
                yield json.loads(line), line


def remove_abandoned(folder: Path) -> int:
    """Removes the temporary files in `folder` whose writers were killed; returns how many."""
    removed = 0
    for temporary in folder.glob(".*.tmp"):
        with suppress(OSError), open(temporary, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the writer lives
            temporary.unlink()
            removed += 1
    return removed


def _refused(path: Path, error: OSError) -> UserError:
    if error.errno in _FULL:
        return UserError(
            f"The disk is full: {path} was not written ({error.strerror}).",
            fix="Make room and run the same command again: it goes on from what is missing.",
        )
    if error.errno == errno.EFBIG:
        return UserError(
            f"{path} was not written: it grew larger than allowed ({error.strerror}).",
            fix="Raise the limit (`ulimit -f unlimited`), or write to another file system.",
        )
    return UserError(
        f"{path} was not written: {error.strerror}.",
        fix="Choose a folder that you may write to, e.g. with --data_dir.",
    )
