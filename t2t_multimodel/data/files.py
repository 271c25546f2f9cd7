"""Files that appear whole or not at all, whoever is killed and whoever else writes them too."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from t2t_multimodel import storage
from t2t_multimodel.errors import UserError, reason

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
    write it the last one's stays, whole. A path that stands for an URL is published there.

    Raises:
        UserError: the disk is full, writing there is not allowed, or `path` is a folder or below
            a file; nothing is left behind.
    """
    try:
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
        storage.publish(path)
    except OSError as error:
        if error.errno not in _TOLD:  # such as one of what the block reads
            raise
        raise not_written(path, error) from error


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


def remove_abandoned(folder: Path) -> int:
    """Removes the temporary files in `folder` whose writers were killed; returns how many."""
    removed = 0
    for temporary in folder.glob(".*.tmp"):
        with suppress(OSError), open(temporary, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the writer lives
            temporary.unlink()
            removed += 1
    return removed


_TOLD = {
    errno.ENOSPC: ("the disk is full", "Make room there."),
    errno.EDQUOT: ("your quota of the disk is used up", "Make room there, or ask for more."),
    errno.EFBIG: (
        "it grew larger than allowed",
        "Raise the limit (`ulimit -f unlimited`), or write to another file system.",
    ),
    errno.EROFS: ("the file system is read-only", "Choose a folder on another one."),
    errno.EACCES: ("you may not write there", "Choose a folder that you may write to."),
    errno.EPERM: ("you may not write there", "Choose a folder that you may write to."),
    errno.EIO: ("the disk or the network reports a fault", "Look at it: `dmesg` may say more."),
    errno.ESTALE: ("the network's file system lost it", "Mount it again."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one."),
    errno.ENOTDIR: ("a part of the path is no folder", "Choose another one."),
    errno.EEXIST: ("a part of the path is no folder", "Choose another one."),
    errno.ELOOP: ("its links lead in a circle", "Choose another one."),
    errno.EMFILE: ("too many files are open", "Raise the limit: `ulimit -n 4096`."),
    errno.ENFILE: ("too many files are open on this machine", "Close other programs."),
}
_AGAIN = "The same command goes on from what is missing."
_IN_WORDS = re.compile(r"errno = (\d+)|\[Errno (\d+)\]")  # as HDF5 tells it


def not_written(path: Path, error: OSError) -> UserError:
    """The error for a file that the system did not let us write, told as what it is."""
    number = error.errno
    if number is None and (match := _IN_WORDS.search(str(error))):
        number = int(match[1] or match[2])
    if number in (errno.ENOSPC, errno.EDQUOT) and storage.is_remote(path):
        return storage.cache_is_full(path)
    said, fix = _TOLD.get(number or 0, ("", ""))
    system = error.strerror or (os.strerror(number) if number else reason(error))
    why = f"{said} ({system})" if said else system
    return UserError(f"{path} was not written: {why}.", f"{fix} {_AGAIN}".strip())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors of the system inside the block become `not_written`, also as TensorFlow says them.

    TensorFlow, and TensorBoard where that is installed, raise errors of their own for `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise not_written(path, error) from error
    except Exception as error:
        number = _OF_TENSORFLOW.get(type(error).__name__)
        if number is None or not type(error).__module__.startswith("tensorflow"):
            raise
        raise not_written(path, OSError(number, os.strerror(number))) from error
