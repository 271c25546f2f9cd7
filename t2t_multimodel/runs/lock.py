"""A lock on a run's folder: two trainers in it would delete each other's checkpoints.

`FolderLock` is for folders of a file system, `object_lock.ObjectLock` for those of an URL.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from t2t_multimodel.data.files import not_written
from t2t_multimodel.errors import UserError
from t2t_multimodel.side_files import read_or

FILE = ".lock"
BEAT_SECONDS = 20.0
"""Between two signs of life that the holder writes."""
DEAD_SECONDS = 180.0
"""Without a sign of life for so long, a holder on another machine is taken for dead."""


@dataclass(frozen=True)
class Holder:
    """Who has a lock."""

    host: str
    pid: int
    since: str
    """UTC, such as 2026-11-30T06:00:00Z."""

    @classmethod
    def me(cls) -> Holder:
        """This process, from now on."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return cls(socket.gethostname(), os.getpid(), now)


class Lock(ABC):
    """Keeps all trainers but one out of a run."""

    @abstractmethod
    def take(self) -> Holder | None:
        """Takes the lock.

        Returns:
            Whose it was before, if that trainer is dead and has not given it back.

        Raises:
            UserError: another trainer that is alive has it.
        """

    @abstractmethod
    def release(self) -> None:
        """Gives the lock back."""

    @abstractmethod
    def check(self) -> None:
        """Raises `UserError` if another trainer has taken the lock over."""


class FolderLock(Lock):
    """A lock file in a folder, on a local or a shared file system.

    The system's own lock says on one machine who is alive, and it ends with the process. Other
    machines, and file systems without locks, go by a record in the file: the holder's machine and
    process, and the file's time of change, which the holder renews.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE
        self._file: BinaryIO | None = None
        self._stop = threading.Event()

    def take(self) -> Holder | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = open(self._path, "a+b")
            before, locked = self._recorded(), _locked(file)
            if before is not None and self._is_alive(before, locked):
                file.close()
                raise taken(self._folder, before)
            if before is None and locked is False:  # in the moment before the other's record
                file.close()
                raise taken(self._folder, None)
            me = json.dumps(asdict(Holder.me())).encode()
            file.truncate(0)
            file.write(me)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise not_written(self._path, error) from error
        self._file = file
        threading.Thread(target=self._beat, name="lock", daemon=True).start()
        return before

    def release(self) -> None:
        self._stop.set()
        if self._file is not None:
            with suppress(OSError):  # the folder may be gone
                self._file.truncate(0)
            self._file.close()
            self._file = None

    def check(self) -> None:
        """Passes: the system's lock stays with its process."""

    def _recorded(self) -> Holder | None:
        if not self._path.is_file() or not self._path.stat().st_size:
            return None
        return read_or(
            self._path,
            None,
            lambda value: Holder(str(value["host"]), int(value["pid"]), str(value["since"])),
            lambda _: None,  # cut by a kill: then the system's lock alone decides
        )

    def _is_alive(self, holder: Holder, locked: bool | None) -> bool:
        if locked is False:
            return True
        if holder.host == socket.gethostname():
            return locked is None and holder.pid != os.getpid() and is_running(holder.pid)
        return time.time() - self._path.stat().st_mtime < DEAD_SECONDS

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            with suppress(OSError):
                os.utime(self._path)


def taken(folder: Path, holder: Holder | None) -> UserError:
    """The error for a run that another trainer has."""
    who = "another process"
    stop = "Stop that one"
    if holder is not None:
        who = f"process {holder.pid} on {holder.host} since {holder.since}"
        stop = f"Stop that one (kill {holder.pid} on {holder.host})"
    return UserError(
        f"{folder} is in use: {who} trains in it.",
        fix=f"{stop}, or give another --output_dir.",
    )


@contextmanager
def locked(lock: Lock, say: Callable[[str], None] = print) -> Iterator[None]:
    """Holds a lock while the block runs; says so if a dead trainer had left it."""
    dead = lock.take()
    if dead is not None:
        say(
            f"The lock of process {dead.pid} on {dead.host}, which trained here from {dead.since} "
            "on and is no longer there, is taken over."
        )
    try:
        yield
    finally:
        lock.release()


def _locked(file: BinaryIO) -> bool | None:
    """True: the system's lock is ours now; False: another has it; None: there are no locks here."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        return None
    return True


def is_running(pid: int) -> bool:
    """Whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
