"""Debian packages, read without Debian's tools.

A `.deb` is an `ar` archive: 8 magic bytes, then members, each a header of 60 bytes (name 16,
time 12, uid 6, gid 6, mode 8, size 10, end mark 2) followed by its data, padded to even length.
The files that the package installs are in the member `data.tar.*`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from t2t_multimodel import open_raw
from t2t_multimodel.problems.formats.archives import files_of_tar, unpacked, wanted_files, whole

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_END_MARK = b"`\n"


class Member(NamedTuple):
    """A member of an ar archive."""

    name: str
    begin: int
    """Of its data, from the begin of the file."""
    size: int


class _Part(io.RawIOBase):
    """A member of an open file as a file of its own."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._member, self._at = file, member, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._member.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self._file.seek(self._member.begin + self._at)
        data = self._file.read(max(0, min(len(buffer), self._member.size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def read_deb(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yields (name, contents) of the installed files whose name `wanted` accepts.

    Names have no leading `./` or `/`: `usr/share/doc/NAME/copyright`. The order is that of the
    package. The archive is streamed, so memory holds one file at a time.

    Raises:
        UserError: `path` is no Debian package, has no data member, or is cut or damaged.
    """
    with whole(path), open_raw(path) as file:
        data = [member for member in _members(file) if member.name.startswith("data.tar")]
        if len(data) != 1:
            raise ValueError(f"it has {len(data)} data.tar members")
        part = cast(BinaryIO, io.BufferedReader(_Part(file, data[0])))
        with unpacked(part, data[0].name) as tar:
            yield from wanted_files(files_of_tar(tar), "./", wanted)


def _members(file: BinaryIO) -> Iterator[Member]:
    """All members, each as long as its header says.

    Raises:
        ValueError: it is no ar archive, or one that is cut or damaged.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError(f"it is not a Debian package: it does not start with {_MAGIC!r}")
    while header := file.read(_HEADER_BYTES):
        begin, length = file.tell(), header[48:58].strip()
        if len(header) != _HEADER_BYTES or header[58:] != _END_MARK or not length.isdigit():
            raise ValueError(f"bad member header at {begin}")
        member = Member(header[:16].decode("latin-1").strip(" /"), begin, int(length))
        if begin + member.size > size:
            raise ValueError(f"{member.name} has {size - begin:,} of its {member.size:,} bytes")
        yield member
        file.seek(begin + member.size + member.size % 2)
