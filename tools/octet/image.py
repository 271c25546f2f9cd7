"""images.npy.xz, images.tsv.xz: 13,000 balanced pictures of Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from t2t_multimodel.problems.corpora.fashion_mnist import read_fashion_mnist
from tools.octet.store import write_array, write_table

PER_CLASS = {"train": 1000, "dev": 100, "test": 200}


def build(packages: Path, data: Path) -> None:
    """The first pictures of each class: train, then dev from the train file, test from t10k."""
    train_images, train_labels = read_fashion_mnist(packages, "train")
    test_images, test_labels = read_fashion_mnist(packages, "t10k")
    n_train, n_dev = PER_CLASS["train"], PER_CLASS["dev"]
    parts = {
        "train": (train_images, train_labels, _rows(train_labels, 0, n_train)),
        "dev": (train_images, train_labels, _rows(train_labels, n_train, n_train + n_dev)),
        "test": (test_images, test_labels, _rows(test_labels, 0, PER_CLASS["test"])),
    }
    write_array(
        data / "images.npy.xz",
        np.concatenate([images[rows] for images, _, rows in parts.values()]),
    )
    write_table(
        data / "images.tsv.xz",
        ("split", "row", "label"),
        [
            (split, str(row), str(labels[row]))
            for split, (_, labels, rows) in parts.items()
            for row in rows
        ],
    )


def _rows(labels: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Row numbers, ascending, of the pictures `start` to `stop` of every class."""
    rows = [np.flatnonzero(labels == label)[start:stop] for label in np.unique(labels)]
    return np.sort(np.concatenate(rows))
