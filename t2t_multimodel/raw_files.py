"""Raw files are opened here: whoever reads one neither waits for ever nor reads a device."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def open_raw(source: str | Path | bytes) -> BinaryIO:
    """A file of the disk, or the bytes of one, opened for reading from its begin.

    Raises:
        OSError: there is no such file, or it is a folder, a pipe or a device: reading from those
            may never end. `strerror` says which.
    """
    if isinstance(source, bytes):
        return io.BytesIO(source)
    # A pipe without a writer would otherwise wait for one.
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if os.path.islink(source):
            told = f"it is a link to {os.readlink(source)}, which does not exist"
            raise FileNotFoundError(errno.ENOENT, told, str(source)) from None
        raise
    mode = os.fstat(descriptor).st_mode
    for is_kind, told in _KINDS:
        if is_kind(mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, told, str(source))
    return open(descriptor, "rb")


def read_raw(source: str | Path | bytes, most: int) -> bytes:
    """The content of a file that has `most` bytes or fewer.

    Raises:
        OSError: as `open_raw`, or the file is larger.
    """
    if isinstance(source, bytes):
        return source
    with open_raw(source) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            told = f"it has {size:,} bytes; {most:,} at most are read"
            raise OSError(errno.EFBIG, told, str(source))
        return file.read(most)


OWN = ".t2t_multimodel"
"""A file with this name marks a folder that this package wrote: it holds no raw files."""
_LEFTOVERS = ("__MACOSX", "Thumbs.db", "desktop.ini")


def is_data(name: str) -> bool:
    """Whether a file or folder of this name holds data: systems leave hidden ones everywhere."""
    return not name.startswith(".") and name not in _LEFTOVERS


def visible(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths whose own name is one of data, sorted."""
    return sorted(path for path in paths if is_data(path.name))


def data_files(folder: Path) -> list[Path]:
    """Every file below a folder, sorted, but for hidden ones and for what this package wrote."""
    found: list[Path] = []
    for here, below, names in os.walk(folder):
        if OWN in names and here != str(folder):
            below.clear()
            continue
        below[:] = sorted(filter(is_data, below))
        found += (Path(here, name) for name in names if is_data(name))
    return sorted(path for path in found if path.is_file())


def lies_in_own(path: Path, top: Path) -> bool:
    """Whether a folder between a path and `top` is one that this package wrote."""
    inside = path.relative_to(top).parts[:-1]
    return any((top.joinpath(*inside[: n + 1]) / OWN).exists() for n in range(len(inside)))


def mark_own(folder: Path) -> None:
    """Marks a folder as written by this package, so that no problem takes it for raw files.

    Where it cannot be marked it is not written to either, and what writes there tells that.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / OWN).exists():
            (folder / OWN).write_text("t2t_multimodel wrote this folder; it holds no raw files.\n")
