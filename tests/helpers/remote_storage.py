"""File systems for tests of storage: one in memory, and one whose network can be cut."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from t2t_multimodel import storage


@contextmanager
def memory_storage(folder: Path) -> Iterator[dict[str, Any]]:
    """An empty `memory://`, and a cache in a folder; yields what the store holds by name."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)
    FaultyFileSystem.left, FaultyFileSystem.error = None, None
    storage.use_cache(folder / "cache")
    yield MemoryFileSystem.store
    storage.use_cache()
    MemoryFileSystem.store.clear()


def another_process() -> None:
    """Begins with an empty staging folder, as every process does; the cache stays."""
    storage.use_cache(*storage.cache_in_use())


def held() -> dict[str, bytes]:
    """Name -> content of every object in memory, temporary ones of a cut write included."""
    return {name: file.getvalue() for name, file in MemoryFileSystem.store.items()}


class FaultyFileSystem(MemoryFileSystem):
    """The memory, behind a network that breaks after a number of bytes, or a store that refuses."""

    protocol = "faulty"
    left: int | None = None
    """Bytes that still come through; None: all."""
    error: Exception | None = None
    """What every operation raises."""

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return MemoryFileSystem._strip_protocol(str(path).replace("faulty://", "memory://"))

    def put_file(self, lpath: str, rpath: str, **settings: Any) -> None:
        """Writes what comes through, as a store without whole puts shows it."""
        self._refuse()
        data = Path(lpath).read_bytes()
        if FaultyFileSystem.left is None:
            self.pipe_file(rpath, data)
            return
        self.pipe_file(rpath, data[: FaultyFileSystem.left])
        FaultyFileSystem.left -= len(data)
        if FaultyFileSystem.left < 0:
            FaultyFileSystem.left = 0
            raise OSError(errno.ECONNRESET, "Connection reset by peer")

    def find(self, path: str, **settings: Any) -> Any:
        """Lists, unless it refuses."""
        self._refuse()
        return super().find(path, **settings)

    def _refuse(self) -> None:
        if FaultyFileSystem.error is not None:
            raise FaultyFileSystem.error
