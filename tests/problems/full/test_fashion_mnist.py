"""fashion_mnist reads the four IDX files or the package."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.corpora.fashion_mnist import FILES
from t2t_multimodel.problems.image import fashion_mnist
from t2t_multimodel.problems.image.fashion_mnist import FashionMnist


def idx(values):
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return gzip.compress(header + values.tobytes())


@pytest.fixture
def files(monkeypatch):
    """Seven train pictures and three test pictures; picture i of a file is all i."""
    monkeypatch.setattr(fashion_mnist, "N_DEV", 2)
    made = {}
    for part, n, label in (("train", 7, 1), ("t10k", 3, 9)):
        images = np.arange(n, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
        made[f"{part}-{FILES[0]}"] = idx(images)
        made[f"{part}-{FILES[1]}"] = idx(np.full(n, label, np.uint8))
    return made


def read(raw_dir):
    return {
        split: [
            (e["inputs"][0, 0, 0], e["targets"]) for e in FashionMnist().examples(split, raw_dir)
        ]
        for split in FashionMnist.splits
    }


EXPECTED = {
    "train": [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)],
    "dev": [(5, 1), (6, 1)],
    "test": [(0, 9), (1, 9), (2, 9)],
}


def test_splits_from_the_four_files(files, tmp_path):
    for name, contents in files.items():
        (tmp_path / name).write_bytes(contents)
    assert read(tmp_path) == EXPECTED
    assert FashionMnist().source_files(tmp_path) == [tmp_path / name for name in files]


def test_splits_from_the_package(files, tmp_path, write_deb):
    folder = "./usr/share/datasets/fashion-mnist"
    deb = write_deb(
        "dataset-fashion-mnist_0.0_all.deb", {f"{folder}/{name}": files[name] for name in files}
    )
    assert read(tmp_path) == EXPECTED
    assert FashionMnist().source_files(tmp_path) == [deb]


def test_missing_files_are_one_error(files, tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"one of four is not enough")
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"Not found in {tmp_path}: dataset-fashion-mnist (31 MB), or train-images-idx3-ubyte.gz "
        "train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz.\n"
        f"cd {tmp_path} && apt-get download dataset-fashion-mnist"
    )
