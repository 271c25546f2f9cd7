"""TFRecord files, written whole or not at all, and read at random."""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")


@contextmanager
def written_by_rename(path: Path) -> Iterator[BinaryIO]:
    """Opens a temporary file that becomes `path` when the block ends without an error.

    A kill at any moment leaves either the whole file or none under that name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_records(path: Path, records: Iterable[bytes]) -> tuple[np.ndarray, str]:
    """Writes a TFRecord file by rename.

    Returns:
        int64 [n + 1] byte offsets where the records begin (the last one: file size), and the
        SHA-256 of the file.
    """
    digest, offsets = hashlib.sha256(), [0]
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
    """A TFRecord file with known offsets, mapped into memory."""

    def __init__(self, path: Path, offsets: np.ndarray) -> None:
        """
        Args:
            path: a file that `write_records` made.
            offsets: int64 [n + 1], what it returned.
        """
        self.path, self.offsets = path, offsets
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != offsets[-1]:
                raise ValueError(f"{path} has {size} bytes, but its index says {offsets[-1]}")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> bytes:
        begin, end = self.offsets[index : index + 2]
        return self._map[begin + _HEADER.size : end - _FOOTER.size]
