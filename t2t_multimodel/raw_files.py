"""Raw files are opened here: whoever reads one neither waits for ever nor reads a device."""

from __future__ import annotations

import errno
import io
import os
import stat
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
