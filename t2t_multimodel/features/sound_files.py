"""The one place that decides how a sound's file becomes samples.

A header is not believed: samples are read in blocks until they end or enough are there, so that a
small file can not unpack to any size. What a header tells is then compared with what was found: a
file that is cut, or whose checksum is wrong, is refused.

* SPHERE by `sphere`; WAV, FLAC, Ogg, MP3, AIFF, AU and their codings by libsndfile.
* M4A, WebM, AAC, AMR, and codings in WAV or AIFF that libsndfile lacks by FFmpeg's libraries, where
  PyAV is installed (the extra `media`). Containers are named by their first bytes, never guessed.

A rule that changes samples raises `Audio.reading_rules`, so that records made before are stale.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.features import sphere
from t2t_multimodel.features.media import by_media, container_of
from t2t_multimodel.features.sound_checks import (
    FlacSum,
    check_flac_rate,
    check_ogg,
    check_told_size,
    finished,
)
from t2t_multimodel.raw_files import open_raw

MOST_VALUES = 100_000_000
"""Samples times channels that are read of a file: 100 minutes at 16 kHz."""
MOST_CHANNELS = 64
_BLOCK = 1 << 18  # values that are read at a time


class Sound(NamedTuple):
    """Samples of one channel."""

    samples: np.ndarray
    """float32 [n], the mean of all channels."""
    rate: int
    """Samples a second."""


def read(source: str | Path | bytes, seconds: float) -> Sound:
    """The first `seconds` of a sound, or all of a shorter one.

    Args:
        source: the path of a file, or its bytes.
        seconds: how much is wanted.

    Raises:
        BadValue: it is no sound, is cut or damaged, or PyAV is needed and not installed.
    """
    with foreign(lambda why: BadValue(f"not a readable sound file: {why}")):
        with open_raw(source) as file:
            head = file.read(64)
            file.seek(0)
            if head.startswith(sphere.MAGIC):
                return _sphere(file, seconds)
            if container := container_of(head):
                return _joined(by_media(file, container), seconds)
            check_told_size(file, head)
            if head.startswith(b"OggS"):
                check_ogg(file)
            if head.startswith(b"fLaC"):
                check_flac_rate(file, head)
            return _by_libsndfile(file, head, seconds)


def _sphere(file: BinaryIO, seconds: float) -> Sound:
    size = os.fstat(file.fileno()).st_size if hasattr(file, "name") else 0
    if size > 4 * MOST_VALUES:
        raise BadValue(f"SPHERE file of {size:,} bytes; {4 * MOST_VALUES:,} at most are read")
    samples, rate = sphere.read_sphere(file.read())
    return _joined(iter([(samples.mean(axis=1) / np.float32(32768), rate)]), seconds)


def _by_libsndfile(file: BinaryIO, head: bytes, seconds: float) -> Sound:
    import soundfile

    class Stream(soundfile.SoundFile):
        """Read from its begin to its end: else soundfile seeks where it is, which fails where a
        header tells a wrong length.
        """

        def seekable(self) -> bool:
            return False

    try:
        sound = Stream(finished(file, head))
    except soundfile.LibsndfileError:
        if container := container_of(head, in_need=True):
            file.seek(0)
            return _joined(by_media(file, container), seconds)
        raise
    with sound:
        if sound.channels > MOST_CHANNELS:
            raise BadValue(
                f"sound file of {sound.channels:,} channels; {MOST_CHANNELS} at most are read"
            )
        return _joined(_blocks(sound, FlacSum.of(head)), seconds)


def _blocks(sound: Any, check: FlacSum | None) -> Iterator[tuple[np.ndarray, int]]:
    """Blocks of samples and their rate, as they are read; at the end FLAC's sum is compared."""
    count, rows = 0, max(1, _BLOCK // sound.channels)
    while len(block := sound.read(rows, "int32" if check else "float32", always_2d=True)):
        count += len(block)
        if check:
            check.add(block)
            block = block * np.float32(2.0**-31)
        yield block.mean(axis=1), sound.samplerate
    if check:
        check.compare(count)


def _joined(blocks: Iterator[tuple[np.ndarray, int]], seconds: float) -> Sound:
    """Joins as many samples as are wanted, of blocks that are read until then."""
    kept, count, rate = [], 0, 0
    for block, block_rate in blocks:
        if rate not in (0, block_rate):
            raise BadValue(f"sound file changes from {rate:,} to {block_rate:,} samples a second")
        rate = block_rate
        kept.append(block.astype(np.float32))
        count += len(block)
        if count > seconds * rate:
            break
        if count > MOST_VALUES:
            raise BadValue(f"sound file has more than {MOST_VALUES:,} samples")
    if not kept:
        raise BadValue("audio has no samples")
    return Sound(np.concatenate(kept)[: int(seconds * rate) + 1], rate)
