"""Reads the files in `data/`: arrays, tables and voice clips, built by `tools/build_octet.py`."""

from __future__ import annotations

import io
import lzma
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np

_DATA = files("t2t_multimodel.problems.octet") / "data"


def path(name: str) -> Path:
    """Finds the file `name` of `data/`, e.g. for `Problem.source_files`."""
    return Path(str(_DATA / name))


def array(name: str) -> np.ndarray:
    """The array in `NAME.npy.xz`."""
    return np.load(io.BytesIO(lzma.decompress((_DATA / f"{name}.npy.xz").read_bytes())))


def table(name: str, split: str | None = None) -> Iterator[dict[str, str]]:
    """The rows of `NAME.tsv.xz` by column name; with `split`, those whose column `split` is it."""
    text = lzma.decompress((_DATA / f"{name}.tsv.xz").read_bytes()).decode("utf-8")
    header, *lines = text.rstrip("\n").split("\n")
    columns = header.split("\t")
    for line in lines:
        row = dict(zip(columns, line.split("\t"), strict=True))
        if split is None or row["split"] == split:
            yield row


def clips() -> zipfile.ZipFile:
    """The open archive of voice clips: `with clips() as archive: archive.read("NAME.mp3")`."""
    return zipfile.ZipFile(path("speech.zip"))
