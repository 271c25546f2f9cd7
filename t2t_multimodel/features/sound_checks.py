"""What a sound file tells of itself, compared with what it holds: lengths and checksums."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from t2t_multimodel.errors import BadValue

_UNKNOWN = 0x7FFF0000
"""Writers to a pipe, who do not know the length, put a number of at least this into the header."""
_FLIPPED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FLAC_RATES = dict(
    enumerate(
        (88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
        start=1,
    )
)
"""Sample rates by the code in the header of a frame."""
_MOST_CHUNKS = 1000
_OGG_HEADER = 27


def check_told_size(file: BinaryIO, head: bytes) -> None:
    """Raises `BadValue` where a header tells more bytes than the file has.

    That of WAV, AIFF, AU, CAF, W64 or MP3. Leaves the file at its begin.
    """
    size = file.seek(0, os.SEEK_END)
    told = _told_end(file, head)
    file.seek(0)
    if told > size:
        raise BadValue(f"sound file is cut: {size:,} bytes of {told:,} are there")


def _told_end(file: BinaryIO, head: bytes) -> int:
    """Finds where the sound ends by the header; 0 if it does not tell."""
    if head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"WAVE":
        return _chunk_end(file, b"data", ">" if head[3:4] == b"X" else "<")
    if head[:4] == b"RF64" and head[12:16] == b"ds64":
        (length,) = struct.unpack_from("<Q", head, 20)
        return length + 8 if length < 2**62 else 0
    if head[:4] == b"caff":
        return _caf_end(file)
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return _chunk_end(file, b"SSND", ">")
    if head[:4] == b".snd":
        begin, length = struct.unpack_from(">II", head, 4)
        return begin + length if 0 < length < _UNKNOWN else 0
    if head[:4] == b"riff" and len(head) >= 24:  # W64, whose sizes are of 64 bits
        (length,) = struct.unpack_from("<Q", head, 16)
        return length if length < 2**62 else 0
    return _mp3_end(file, head)


def _chunk_end(file: BinaryIO, wanted: bytes, order: str) -> int:
    at, length = _chunk(file, wanted, order)
    return at + length if at and length < _UNKNOWN else 0


def _chunk(file: BinaryIO, wanted: bytes, order: str) -> tuple[int, int]:
    """Finds where the content of a chunk begins, 0 without one, and its length as told."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:
            break
        (length,) = struct.unpack(f"{order}I", header[4:])
        if header[:4] == wanted:
            return at + 8, length
        at += 8 + length + length % 2
    return 0, 0


def finished(file: BinaryIO, head: bytes) -> BinaryIO:
    """A WAV file whose writer stopped before it told the length, with that length; any other as is.

    libsndfile finds no samples in such a file.
    """
    if head[:4] != b"RIFF":
        return file
    at, length = _chunk(file, b"data", "<")
    there = file.seek(0, os.SEEK_END) - at
    file.seek(0)
    if not at or length or not there:
        return file
    data = bytearray(file.read(at + _UNKNOWN))
    data[at - 4 : at] = min(there, _UNKNOWN).to_bytes(4, "little")
    return io.BytesIO(data)


def _caf_end(file: BinaryIO) -> int:
    at = 8
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(12)
        if len(header) < 12:
            return 0
        (length,) = struct.unpack(">q", header[4:])
        if header[:4] == b"data":
            return at + 12 + length if length > 0 else 0
        at += 12 + max(0, length)
    return 0


def _mp3_end(file: BinaryIO, head: bytes) -> int:
    """Finds the end by the tag that the encoders Xing and LAME leave in the first frame."""
    is_mp3 = head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")
    if not is_mp3:
        return 0
    file.seek(0)
    begin = file.read(1 << 16)
    for mark in (b"Xing", b"Info"):
        at = begin.find(mark)
        if at < 0 or len(begin) < at + 16:
            continue
        (flags,) = struct.unpack_from(">I", begin, at + 4)
        if flags & 3 == 3:  # frames, then bytes from the begin of this frame on
            (length,) = struct.unpack_from(">I", begin, at + 12)
            return begin.rfind(b"\xff", max(0, at - 40), at) + length
    return 0


class FlacSum:
    """The number and the MD5 sum of the samples of a FLAC file, as its header tells them."""

    def __init__(self, head: bytes) -> None:
        packed = int.from_bytes(head[18:26], "big")
        self._bits = (packed >> 36 & 31) + 1
        self._count = packed & (1 << 36) - 1  # 0: not known
        self._md5 = head[26:42]
        self._digest = hashlib.md5(usedforsecurity=False)

    @classmethod
    def of(cls, head: bytes) -> FlacSum | None:
        """The sum that a file with these first 64 bytes tells; None if it is no FLAC file."""
        return cls(head) if head[:4] == b"fLaC" and len(head) >= 42 else None

    def add(self, block: np.ndarray) -> None:
        """Takes in int32 [n, channels] as libsndfile gives them, shifted up to 32 bits."""
        values = (block >> (32 - self._bits)).astype("<i4")
        width = -(-self._bits // 8)
        self._digest.update(values.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())

    def compare(self, count: int) -> None:
        """Raises `BadValue` unless the samples taken in are those that the header tells."""
        if self._count and count != self._count:
            raise BadValue(f"sound file is cut: {count:,} samples of {self._count:,} are there")
        if any(self._md5) and self._digest.digest() != self._md5:
            raise BadValue("sound file is damaged: its samples have another MD5 sum")


def check_flac_rate(file: BinaryIO, head: bytes) -> None:
    """Raises `BadValue` where the header of a FLAC file tells another rate than its first frame.

    Only frames have a checksum. Leaves the file at its begin.
    """
    told, at, is_last = int.from_bytes(head[18:21], "big") >> 4, 4, False
    for _ in range(_MOST_CHUNKS):
        if is_last:
            break
        file.seek(at)
        block = file.read(4)
        if len(block) < 4:
            break
        is_last, at = bool(block[0] & 0x80), at + 4 + int.from_bytes(block[1:], "big")
    file.seek(at)
    frame = file.read(3)
    file.seek(0)
    is_frame = len(frame) == 3 and frame[0] == 0xFF and frame[1] & 0xFC == 0xF8
    rate = _FLAC_RATES.get(frame[2] & 15) if is_frame else None
    if rate not in (None, told):
        raise BadValue(f"sound file is damaged: its header tells {told:,} Hz, its frames {rate:,}")


def check_ogg(file: BinaryIO) -> None:
    """Raises `BadValue` unless each page of an Ogg file has the right checksum.

    libogg passes over damaged pages without a word. Leaves the file at its begin.
    """
    file.seek(0)
    is_last = False
    for number, page in enumerate(_pages(file), start=1):
        said = int.from_bytes(page[22:26], "little")
        if _ogg_crc(page[:22] + bytes(4) + page[26:]) != said:
            raise BadValue(f"sound file is damaged: Ogg page {number:,} has a wrong checksum")
        is_last = bool(page[5] & 4)
    if not is_last:
        raise BadValue("sound file is cut: its last Ogg page is missing")
    file.seek(0)


def _pages(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while header := file.read(_OGG_HEADER):
        number += 1
        if len(header) < _OGG_HEADER or header[:4] != b"OggS":
            raise BadValue(f"sound file is damaged: Ogg page {number:,} does not begin as one")
        lengths = file.read(header[26])
        yield header + lengths + file.read(sum(lengths))


def _ogg_crc(data: bytes) -> int:
    """CRC-32 with Ogg's order of bits, which is the reverse of zlib's."""
    crc = zlib.crc32(data.translate(_FLIPPED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
