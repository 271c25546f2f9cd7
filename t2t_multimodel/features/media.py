"""Sounds in containers and codings that FFmpeg's libraries read, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from t2t_multimodel.errors import BadValue

_CONTAINERS = (
    (4, b"ftyp", "mov", "M4A"),
    (0, b"\x1a\x45\xdf\xa3", "matroska", "WebM"),
    (0, b"#!AMR", "amr", "AMR"),
    (0, b"\xff\xf1", "aac", "AAC"),
    (0, b"\xff\xf9", "aac", "AAC"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", "WMA"),
)
"""Place and value of the first bytes, FFmpeg's name of the container, and ours."""
_IN_NEED = (
    (0, b"RIFF", "wav", "WAV of this coding"),
    (0, b"FORM", "aiff", "AIFF of this coding"),
    (0, b"caff", "caf", "CAF of this coding"),
)
_TELL_DURATION = ("mov", "matroska", "asf")  # of others FFmpeg only guesses it
_SCALES = {"u1": 128.0, "i2": 32_768.0, "i4": 2_147_483_648.0, "f4": 1.0, "f8": 1.0}
_SLACK = 0.25  # seconds that a container may tell more than it holds: padding of coders


def container_of(head: bytes, in_need: bool = False) -> tuple[str, str] | None:
    """FFmpeg's name of a container and ours, by the first bytes of a file; None of another file.

    Args:
        head: at least 12 bytes.
        in_need: looks among the containers that others read, too, but not with every coding.
    """
    for at, magic, name, ours in _CONTAINERS + (_IN_NEED if in_need else ()):
        if head[at : at + len(magic)] == magic:
            return name, ours
    return None


def media(what: str) -> Any:
    """PyAV.

    Raises:
        BadValue: it is not installed; `what` needs it.
    """
    try:
        import av
    except ImportError:
        raise BadValue(
            f"{what} is read by PyAV, which is not installed: pip install 't2t-multimodel[media]'"
        ) from None
    return av


def by_media(file: BinaryIO, container: tuple[str, str]) -> Iterator[tuple[np.ndarray, int]]:
    """The samples of the first sound in a container, block by block.

    Args:
        file: at its begin.
        container: as `container_of` names it.

    Yields:
        float [n], the mean of all channels, and samples a second.

    Raises:
        BadValue: PyAV is missing, there is no sound, or the file ends early.
    """
    name, ours = container
    av = media(ours)
    # without a name, so that nothing beside the file is opened
    with av.open(file, format=name, metadata_errors="ignore") as opened:
        if not opened.streams.audio:
            raise BadValue("sound file holds no sound")
        stream = opened.streams.audio[0]
        told = float((stream.duration or 0) * (stream.time_base or 0))
        told = (told or (opened.duration or 0) / av.time_base) if name in _TELL_DURATION else 0.0
        seconds = 0.0
        for frame in opened.decode(stream):
            seconds += frame.samples / frame.sample_rate
            yield _mono(frame), frame.sample_rate
        if seconds < told - _SLACK:
            raise BadValue(f"sound file is cut: {seconds:.1f} s of {told:.1f} s are there")


def _mono(frame: Any) -> np.ndarray:
    """A frame's samples from -1 to 1, [n]."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, len(frame.layout.channels)).T
    floats = values.astype(np.float32)
    kind = values.dtype.str[1:]
    if kind == "u1":
        floats -= 128
    return floats.mean(axis=0) / np.float32(_SCALES[kind])
