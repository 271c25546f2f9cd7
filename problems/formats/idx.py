"""The IDX format of MNIST and its relatives: a big-endian header, then raw bytes."""

from __future__ import annotations

import math
import struct

import numpy as np

_UINT8 = 0x08


def read_idx(data: bytes) -> np.ndarray:
    """The uint8 array in an IDX file's bytes: labels [N] or images [N, rows, columns].

    The header is two zero bytes, the element type, the number of dimensions d and d u32 sizes.

    Raises:
        ValueError: the header is another one, or the data does not fill the declared shape.
    """
    if len(data) < 4:
        raise ValueError(f"not an IDX file: it has {len(data)} bytes")
    zeros, kind, rank = struct.unpack_from(">HBB", data)
    if zeros != 0 or kind != _UINT8:
        raise ValueError(f"not an IDX file of unsigned bytes: it starts with {data[:4].hex()}")
    if not 1 <= rank <= 3 or len(data) < 4 + 4 * rank:
        raise ValueError(f"IDX header declares {rank} dimensions in a file of {len(data)} bytes")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * rank)
    if values.size != math.prod(shape):
        raise ValueError(f"IDX header declares shape {shape}, the file holds {values.size} bytes")
    return values.reshape(shape)


def write_idx(values: np.ndarray) -> bytes:
    """The IDX file of a uint8 array."""
    header = struct.pack(f">HBB{values.ndim}I", 0, _UINT8, values.ndim, *values.shape)
    return header + values.tobytes()
