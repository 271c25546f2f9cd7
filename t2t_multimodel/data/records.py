"""TFRecord files, written whole or not at all, read at random, and checked."""

from __future__ import annotations

import functools
import hashlib
import mmap
import os
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import google_crc32c
import numpy as np

from t2t_multimodel import storage
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError
from t2t_multimodel.raw_files import open_raw

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
WRONG_CHECKSUM = "wrong checksum"
"""Fault of a record after which the next one can be found all the same."""
REPAIR = "mm-datagen --problem=... --verify finds what is damaged and makes it again."
"""`REPAIR` tells the user what to do about a damaged file."""

MOST_OPEN = 256
"""Files that are mapped at a time: each map holds a descriptor, and a process has few of them."""


def write_records(path: Path, records: Iterable[bytes]) -> tuple[np.ndarray, str]:
    """Writes a TFRecord file by rename.

    Returns:
        int64 [n + 1] byte offsets where the records begin (the last one: file size), and the
        SHA-256 of the file.
    """
    digest, offsets = hashlib.sha256(), array("q", [0])
    with written_by_rename(path) as file:
        for record in records:
            framed = _frame(record)
            file.write(framed)
            digest.update(framed)
            offsets.append(offsets[-1] + len(framed))
    return np.asarray(offsets, np.int64), digest.hexdigest()


def _frame(record: bytes) -> bytes:
    length = struct.pack("<Q", len(record))
    return b"".join((length, _FOOTER.pack(_masked_crc(length)), record,
                     _FOOTER.pack(_masked_crc(record))))  # fmt: skip


def _masked_crc(data: bytes) -> int:
    """CRC-32C rotated and offset, as the TFRecord format has it."""
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


class RecordFile:
    """A TFRecord file with known offsets, mapped into memory.

    One of an URL is brought here whole if the cache has room for it; else each record is read where
    it is.
    """

    def __init__(self, path: Path, offsets: np.ndarray, sha256: str = "") -> None:
        """
        Args:
            path: a file that `write_records` made.
            offsets: int64 [n + 1], what it returned.
            sha256: of its content, for one that is brought here.

        Raises:
            UserError: the file has another size.
        """
        self.path, self.offsets = path, offsets
        self._is_near = storage.is_near(path, sha256)
        stat = path.stat()
        if stat.st_size != offsets[-1]:
            raise UserError(
                f"{path} has {stat.st_size} bytes, but its index says {offsets[-1]}.", REPAIR
            )
        self._state = str(path), stat.st_ino, stat.st_mtime_ns

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> bytes:
        """A record whose checksum is right.

        Raises:
            UserError: it is wrong; file and record are named.
        """
        begin, end = self.offsets[index : index + 2]
        held: mmap.mmap | bytes
        if self._is_near:
            held = _mapped(*self._state)
        else:
            held = storage.read_range(self.path, int(begin), int(end))
            begin, end = 0, len(held)
        record = held[begin + _HEADER.size : end - _FOOTER.size]
        if held[end - _FOOTER.size : end] != _FOOTER.pack(_masked_crc(record)):
            raise UserError(f"{self.path}: record {index} is damaged: wrong checksum.", REPAIR)
        return record


@functools.lru_cache(MOST_OPEN)
def _mapped(path: str, inode: int, changed: int) -> mmap.mmap:
    """A file in memory; `inode` and `changed` tell it from another that takes its name later."""
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def walk(path: Path) -> Iterator[tuple[int, bytes | None, str]]:
    """Every record of a file, found without an index.

    Yields:
        (offset, record, fault): the record, or None and how it is damaged; where the length is
        damaged or the file ends early, no more can be found.
    """
    with open_raw(path) as file:
        size, offset = file.seek(0, os.SEEK_END), file.seek(0)
        while header := file.read(_HEADER.size):
            if len(header) < _HEADER.size:
                yield offset, None, "cut off"
                return
            length, crc = _HEADER.unpack(header)
            if crc != _masked_crc(header[: _HEADER.size - _FOOTER.size]):
                yield offset, None, "its length has a wrong checksum"
                return
            if length > size - offset:  # told before memory is asked for
                yield offset, None, "cut off"
                return
            record, footer = file.read(length), file.read(_FOOTER.size)
            if len(footer) < _FOOTER.size:
                yield offset, None, "cut off"
                return
            right = footer == _FOOTER.pack(_masked_crc(record))
            yield offset, record if right else None, "" if right else WRONG_CHECKSUM
            offset += _HEADER.size + length + _FOOTER.size
