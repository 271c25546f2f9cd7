"""Writes SPHERE sound files, plain and compressed by shorten, for made examples.

Shorten (T. Robinson 1994, CUED/F-INFENG/TR.156) cuts the samples into blocks, predicts each sample
from up to three before it, and writes what is left over as Rice codes. All numbers are Rice codes,
too: `k` low bits after a unary part of zeros that a one ends.
"""

from __future__ import annotations

import numpy as np

BLOCK = 256
_DIFF0, _QUIT, _BLOCKSIZE = 0, 4, 5
_FUNCTION_BITS, _ENERGY_BITS, _LONG_BITS = 2, 3, 2
_PCM16_LITTLE_ENDIAN = 5
_MOST_ENERGY = 15


def sphere(samples: np.ndarray, rate: int, coding: str = "pcm") -> bytes:
    """A SPHERE file.

    Args:
        samples: int16 [n], or [n, channels]; uint8 for u-law.
        rate: samples a second.
        coding: "pcm", "pcm-big-endian", "ulaw", or "shorten" (one channel of PCM).
    """
    columns = samples.reshape(len(samples), -1)
    width = columns.dtype.itemsize
    body, said = columns.tobytes(), coding
    if coding == "pcm-big-endian":
        body, said = columns.astype(">i2").tobytes(), "pcm"
    elif coding == "shorten":
        body, said = shorten(samples), "pcm,embedded-shorten-v2.00"
    order = "10" if coding == "pcm-big-endian" else "01"
    lines = [
        "NIST_1A",
        "   1024",
        f"channel_count -i {columns.shape[1]}",
        f"sample_count -i {len(columns)}",
        f"sample_rate -i {rate}",
        f"sample_n_bytes -i {width}",
        f"sample_byte_format -s{width} {order[:width]}",
        f"sample_coding -s{len(said)} {said}",
        f"sample_checksum -i {int(columns.astype(np.int64).sum()) % 65536}",
        "end_head",
    ]
    return "\n".join([*lines, ""]).encode().ljust(1024) + body


def shorten(samples: np.ndarray) -> bytes:
    """int16 [n] as a shorten stream of version 2, without running means and linear prediction."""
    header = (_PCM16_LITTLE_ENDIAN, 1, BLOCK, 0, 0, 0)  # type, channels, block, LPC, means, skipped
    codes = [_long(value) for value in header]
    before = np.zeros(3, np.int64)
    for begin in range(0, len(samples), BLOCK):
        block = samples[begin : begin + BLOCK].astype(np.int64)
        if len(block) < BLOCK:
            codes += [_unsigned(_BLOCKSIZE, _FUNCTION_BITS), _long(len(block))]
        codes.append(_coded(np.concatenate([before, block])))
        before = np.concatenate([before, block])[-3:]
    codes.append(_unsigned(_QUIT, _FUNCTION_BITS))
    bits = "".join(codes)
    bits += "0" * (-len(bits) % 32)
    return b"ajkg\x02" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _coded(samples: np.ndarray) -> str:
    """A block, three samples before it in front, by the difference that leaves least over."""
    orders = [np.diff(samples, order)[3 - order :] for order in range(4)]
    order = min(range(4), key=lambda n: int(np.abs(orders[n]).sum()))
    left_over = orders[order]
    mean = max(1.0, float(np.abs(left_over).mean()))
    energy = min(_MOST_ENERGY, int(np.log2(mean)))
    head = _unsigned(_DIFF0 + order, _FUNCTION_BITS) + _unsigned(energy, _ENERGY_BITS)
    return head + "".join(_signed(int(value), energy) for value in left_over)


def _unsigned(value: int, k: int) -> str:
    low = f"{value & ((1 << k) - 1):0{k}b}" if k else ""
    return "0" * (value >> k) + "1" + low


def _signed(value: int, k: int) -> str:
    return _unsigned(value << 1 if value >= 0 else (~value << 1) | 1, k + 1)


def _long(value: int) -> str:
    """A number that carries the width of its own code."""
    bits = value.bit_length()
    return _unsigned(bits, _LONG_BITS) + _unsigned(value, bits)
