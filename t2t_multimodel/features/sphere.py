"""NIST SPHERE sound files, the format of the discs of the Linguistic Data Consortium.

A header of text, `NIST_1A`, its own size, then lines `name -i 123` or `name -s4 text`, is followed
by samples: PCM of 16 bits in either byte order, u-law, or either of them compressed by shorten
(T. Robinson 1994, CUED/F-INFENG/TR.156). The header tells the number and the sum of the samples.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np

from t2t_multimodel.errors import BadValue
from t2t_multimodel.features.media import media
from t2t_multimodel.terminal import plural

MAGIC = b"NIST_1A\n"
CONVERT = "convert it with `sph2pipe -f wav -p FILE FILE.wav`"
_FIELD = re.compile(r"(\S+) -(?:[ir]|s\d+) (.*)")


@dataclass(frozen=True)
class SphereHeader:
    """Holds what the header of a SPHERE file says."""

    size: int
    """Bytes before the samples."""
    fields: dict[str, str]

    def number(self, name: str, default: int | None = None) -> int:
        """A field that is a whole number.

        Raises:
            BadValue: it is missing and has no default, or is none.
        """
        text = self.fields.get(name, default)
        try:
            return int(text)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise BadValue(f"SPHERE header: {name} is {text}") from error

    @property
    def coding(self) -> str:
        """`pcm`, `ulaw`, `pcm,embedded-shorten-v1.09`, ..."""
        return self.fields.get("sample_coding", "pcm").strip().lower()


def read_header(data: bytes) -> SphereHeader:
    """Parses the header.

    Raises:
        BadValue: it is none, or has no end.
    """
    size = data[len(MAGIC) : len(MAGIC) + 8].strip()
    if not data.startswith(MAGIC) or not size.isdigit():
        raise BadValue("not a SPHERE file: it does not begin with NIST_1A and a size")
    text = data[: int(size)].decode("latin-1")
    lines, end, _ = text.partition("end_head")
    if not end:
        raise BadValue(f"SPHERE header of {size.decode()} bytes has no end_head")
    matches = filter(None, map(_FIELD.fullmatch, lines.split("\n")))
    return SphereHeader(int(size), {m[1]: m[2] for m in matches})


def read_sphere(data: bytes) -> tuple[np.ndarray, int]:
    """Decodes a SPHERE file.

    Args:
        data: the whole file.

    Returns:
        int16 [n, channels] and samples a second.

    Raises:
        BadValue: the file is damaged, shorter than its header says, or of another coding.
    """
    header = read_header(data)
    channels, count = header.number("channel_count", 1), header.number("sample_count")
    coding, _, compression = header.coding.partition(",")
    if channels < 1 or coding not in ("pcm", "ulaw", "mu-law"):
        raise BadValue(
            f"SPHERE file of {plural(channels, 'channel')}, coded {header.coding}; {CONVERT}"
        )
    body = data[header.size :]
    if compression.startswith("embedded-shorten") and coding == "pcm":
        stored = samples = _shortened(data, channels)
    elif compression:
        raise BadValue(f"SPHERE file coded {header.coding}; {CONVERT}")
    else:
        stored = _plain(body, header, coding, count * channels).reshape(-1, channels)
        samples = stored if coding == "pcm" else ulaw_to_pcm(stored)
    if len(samples) != count:
        raise BadValue(f"SPHERE file holds {len(samples)} of its {count} samples")
    _check_sum(stored, header)
    return samples, header.number("sample_rate")


def _plain(body: bytes, header: SphereHeader, coding: str, count: int) -> np.ndarray:
    """Uncompressed samples: int16 of PCM, uint8 of u-law, as many of `count` as are there."""
    width = header.number("sample_n_bytes", 2 if coding == "pcm" else 1)
    if width != (2 if coding == "pcm" else 1):
        raise BadValue(
            f"SPHERE file of {plural(width, 'byte')} a sample, coded {coding}; {CONVERT}"
        )
    big = header.fields.get("sample_byte_format", "01").strip() == "10"
    kind = np.dtype("u1" if width == 1 else ">i2" if big else "<i2")
    count = min(count, len(body) // width)
    channels = header.number("channel_count", 1)
    samples = np.frombuffer(body, kind, count - count % channels)
    return samples.astype(kind.newbyteorder("="))


def _shortened(data: bytes, channels: int) -> np.ndarray:
    """int16 [n, channels] of a file compressed by shorten, decoded by FFmpeg's libraries."""
    av = media("SPHERE compressed by shorten")
    planes = []
    try:
        with av.open(io.BytesIO(data), format="nistsphere") as container:
            stream = container.streams.audio[0]
            planes = [frame.to_ndarray() for frame in container.decode(stream)]
    except (av.FFmpegError, IndexError) as error:
        raise BadValue(f"SPHERE file compressed by shorten can not be decoded: {error}") from error
    if not planes:
        raise BadValue("SPHERE file compressed by shorten holds no samples")
    samples = np.concatenate(planes, axis=1)
    if samples.dtype != np.int16 or samples.shape[0] != channels:
        raise BadValue(f"SPHERE file of samples that are no 16-bit PCM; {CONVERT}")
    return np.ascontiguousarray(samples.T)


def _check_sum(stored: np.ndarray, header: SphereHeader) -> None:
    if "sample_checksum" in header.fields:
        said, found = header.number("sample_checksum"), checksum(stored)
        if said % 65536 != found:
            raise BadValue(f"SPHERE file is damaged: its samples sum up to {found}, not to {said}")


def checksum(stored: np.ndarray) -> int:
    """The sum of the samples as stored, modulo 2^16."""
    return int(stored.astype(np.int64).sum()) % 65536


def ulaw_to_pcm(codes: np.ndarray) -> np.ndarray:
    """uint8 u-law codes (ITU-T G.711) to int16 samples of the same shape."""
    inverted = ~codes
    exponent, mantissa = (inverted >> 4) & 7, inverted & 15
    size = (((mantissa.astype(np.int16) << 3) + 132) << exponent) - 132
    return np.where(inverted & 128, -size, size).astype(np.int16)
