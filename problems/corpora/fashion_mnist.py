"""Fashion-MNIST: 60,000 + 10,000 grey pictures of clothes, 28x28, in ten classes."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.archives import contents, opened, unpacked, whole
from t2t_multimodel.problems.formats.debian import read_deb
from t2t_multimodel.problems.formats.idx import read_idx, write_idx
from t2t_multimodel.problems.formats.packages import FASHION_MNIST, locate

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""Names of labels 0 to 9."""

FILES = ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz")
IDX_FILES = " ".join(f"{part}-{file}" for part in ("train", "t10k") for file in FILES)
"""Names of the four files, as published."""


def source_files(folder: Path | None) -> list[Path]:
    """The four IDX files if all lie in `folder`, else the Debian package in it.

    Raises:
        UserError: neither is there.
    """
    names = IDX_FILES.split()
    if folder is not None and all((folder / name).is_file() for name in names):
        return [folder / name for name in names]
    return locate(folder, [FASHION_MNIST], instead=IDX_FILES)


def read_fashion_mnist(folder: Path | None, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, 28, 28] and labels uint8 [N] of `part`, "train" or "t10k".

    Raises:
        UserError: `folder` holds neither the IDX files nor the Debian package.
    """
    wanted = [f"{part}-{file}" for file in FILES]
    sources = source_files(folder)
    if len(sources) == 1:
        images, labels = _of_package(sources[0], wanted)
    else:
        images, labels = (_of_file(path) for path in sources if path.name in wanted)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise UserError(
            f"{sources[0].parent}: {' and '.join(wanted)} hold {list(images.shape)} and "
            f"{list(labels.shape)} values, which do not belong together.",
            fix="Get both files again.",
        )
    return images, labels


def _of_file(path: Path) -> np.ndarray:
    with opened(path) as file:
        return read_idx(contents(file, path.name))


def _of_package(deb: Path, wanted: list[str]) -> Iterator[np.ndarray]:
    members = read_deb(deb, lambda name: name.rsplit("/", 1)[-1] in wanted)
    found = {name.rsplit("/", 1)[-1]: data for name, data in members}
    for name in wanted:
        with whole(deb), unpacked(io.BufferedReader(io.BytesIO(found[name])), name) as file:
            yield read_idx(contents(file, name))


def write_tiny(folder: Path, n_train: int, n_test: int) -> None:
    """Writes the four IDX files; a picture of class c has c + 1 bright rows.

    Args:
        folder: where.
        n_train, n_test: how many pictures.
    """
    for part, count in (("train", n_train), ("t10k", n_test)):
        labels = np.arange(count, dtype=np.uint8) % len(CLASSES)
        rows = np.arange(28)[:, None] <= labels[:, None, None]
        images = np.broadcast_to(200 * rows, (count, 28, 28)).astype(np.uint8)
        for file, values in zip(FILES, (images, labels), strict=True):
            packed = gzip.compress(write_idx(values), compresslevel=1, mtime=0)
            (folder / f"{part}-{file}").write_bytes(packed)
