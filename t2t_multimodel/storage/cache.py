"""A cache of whole remote objects on the disk of this machine, with a limit."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Cache:
    """Files by key; those that were not used for longest go first.

    Whoever uses one holds a hard link to it, so it stays his when it goes from the cache.

    Args:
        folder: of the cache.
        limit: bytes; 0: the cache is off.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._objects = folder / "objects"

    def take(self, key: str, path: Path) -> bool:
        """Puts the file of a key at `path`; False if the cache has it not."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.link.tmp")
        try:
            os.link(self._objects / key, beside)
        except FileNotFoundError:
            return False
        os.replace(beside, path)
        stat = path.stat()
        os.utime(path, ns=(time.time_ns(), stat.st_mtime_ns))  # its time of change is the data's
        return True

    def room_for(self, size: int) -> bool:
        """Makes room for so many bytes; False if they do not fit beside what is in use."""
        if size > self.limit:
            return False
        with self._locked():
            stats = [(one, one.stat()) for one in self._objects.iterdir()]
            total = sum(stat.st_size for _, stat in stats)
            unused = [(stat.st_atime_ns, stat.st_size, one) for one, stat in stats
                      if stat.st_nlink == 1]  # fmt: skip
            for _, freed, oldest in sorted(unused):
                if total + size <= self.limit:
                    break
                oldest.unlink()
                total -= freed
        return total + size <= self.limit

    def keep(self, path: Path, key: str) -> None:
        """Takes a whole file into the cache, beside the place where it lies."""
        self._objects.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was quicker
            os.link(path, self._objects / key)

    def drop(self, key: str) -> None:
        """Forgets a file that turned out to be damaged."""
        (self._objects / key).unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._objects.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "w") as file:
            with suppress(OSError):  # no locks there: the limit is then not exact
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
