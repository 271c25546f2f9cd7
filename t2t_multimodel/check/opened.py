"""Files that were opened for reading while something ran, as Python itself reports them."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/bin/")
_CODE = (".py", ".pyc", ".so", ".pth")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_recorder = threading.local()
_is_installed = False


class Opened:
    """The files of one stretch of time; those that were written in it are not data."""

    def __init__(self) -> None:
        self._read: dict[str, None] = {}
        self._written: set[str] = set()

    def note(self, path: Any, mode: Any, flags: Any) -> None:
        """Takes in one opening, as the audit event `open` tells of it."""
        if isinstance(path, (str, bytes, os.PathLike)):
            name = os.path.abspath(os.fsdecode(path))
            writes = isinstance(flags, int) and bool(flags & _WRITES)
            writes = writes or (isinstance(mode, str) and bool(set("wax+") & set(mode)))
            if writes:
                self._written.add(name)
            else:
                self._read[name] = None

    def data(self, raw_dir: Path | None) -> list[Path]:
        """The files of data, in the order in which they were opened first.

        Code, libraries and what belongs to the system are none; what lies below `raw_dir` is.
        """
        libraries = tuple({f"{path}/" for path in sysconfig.get_paths().values()})
        found: dict[Path, None] = {}
        for name in self._read:
            path = Path(os.path.realpath(name))
            if name in self._written or path.suffix in _CODE or not _is_file(path):
                continue
            raw = raw_dir is not None and path.is_relative_to(raw_dir.resolve())
            foreign = name.startswith((*_SYSTEM, *libraries)) or path.is_relative_to(_PACKAGE)
            if raw or not foreign:
                found[path] = None
        return list(found)


@contextmanager
def recorded(opened: Opened) -> Iterator[None]:
    """Notes in `opened` what this thread opens. What C libraries open by themselves is not seen."""
    global _is_installed
    if not _is_installed:  # a hook stays for the life of the process
        sys.addaudithook(_hear)
        _is_installed = True
    before = getattr(_recorder, "opened", None)
    _recorder.opened = opened
    try:
        yield
    finally:
        _recorder.opened = before


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        opened = getattr(_recorder, "opened", None)
        if opened is not None:
            opened.note(*arguments)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False
