"""Debian packages, read without Debian's tools.

A `.deb` is an `ar` archive: 8 magic bytes, then members, each a header of 60 bytes (name 16,
time 12, uid 6, gid 6, mode 8, size 10, end mark 2) followed by its data, padded to even length.
The files that the package installs are in the member `data.tar.*`.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from t2t_multimodel.problems.formats.archives import wanted_files

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_END_MARK = b"`\n"


def read_deb(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yields (name, contents) of the installed files whose name `wanted` accepts.

    Names have no leading `./` or `/`: `usr/share/doc/NAME/copyright`. The order is that of the
    package. The archive is streamed, so memory holds one file at a time.

    Raises:
        ValueError: `path` is no Debian package, or has no data member.
    """
    with path.open("rb") as file:
        _seek_data(file, path)
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            yield from wanted_files(archive, "./", wanted)


def _seek_data(file: BinaryIO, path: Path) -> None:
    """Moves `file` to the first byte of the member `data.tar.*`."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError(f"{path} is not a Debian package: it does not start with {_MAGIC!r}")
    while header := file.read(_HEADER_BYTES):
        if len(header) != _HEADER_BYTES or header[58:] != _END_MARK:
            raise ValueError(f"{path} is cut or damaged: bad member header at {file.tell()}")
        if header[:16].startswith(b"data.tar"):
            return
        size = int(header[48:58])
        file.seek(size + size % 2, 1)
    raise ValueError(f"{path} has no data.tar member")
