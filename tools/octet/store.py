"""Writes vendored files so that equal contents give equal bytes."""

from __future__ import annotations

import io
import lzma
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def write_array(path: Path, values: np.ndarray) -> None:
    """`path` (`.npy.xz`) with one array."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(values), allow_pickle=False)
    _write_xz(path, buffer.getvalue())


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """`path` (`.tsv.xz`): a line of column names, then one line a row.

    Raises:
        ValueError: a cell holds a tab or a line end, or a row has another number of cells.
    """
    lines = ["\t".join(columns)]
    for row in rows:
        if len(row) != len(columns) or any(set(cell) & set("\t\r\n") for cell in row):
            raise ValueError(f"row does not fit the columns {columns}: {row}")
        lines.append("\t".join(row))
    _write_xz(path, ("\n".join(lines) + "\n").encode())


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows that `write_table` wrote, by column name."""
    header, *lines = lzma.decompress(path.read_bytes()).decode().rstrip("\n").split("\n")
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def write_zip(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """`path` (`.zip`): the members stored as they are, in the given order, with one fixed date."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, contents in members:
            info = zipfile.ZipInfo(name, _FIXED_DATE)
            info.create_system = 3  # the same header on every system
            info.external_attr = 0o644 << 16
            archive.writestr(info, contents)


def _write_xz(path: Path, contents: bytes) -> None:
    path.write_bytes(lzma.compress(contents, preset=9 | lzma.PRESET_EXTREME))
