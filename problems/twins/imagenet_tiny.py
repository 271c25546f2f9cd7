"""A few made photographs in the layouts of ImageNet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel.problems.corpora.imagenet import CLASSES
from t2t_multimodel.problems.twins.made_pictures import COLOURS, photograph

CLASS_IDS = [f"n{1_440_764 + 1_000 * i:08d}" for i in range(CLASSES)]
"""Made WordNet ids; labels are their places."""
LABELS = {colour: 100 * i + 99 for i, colour in enumerate(COLOURS)}
"""The classes that have images: 99, 199, ... 799."""
TRAIN, VALIDATION = 5, 2
"""Images of each such class."""


def train_images() -> Iterator[tuple[int, str, bytes]]:
    """Label, file name and contents; the first of each class is dev."""
    for colour, label in LABELS.items():
        for n in range(TRAIN):
            yield label, f"{CLASS_IDS[label]}_{n}.JPEG", photograph(colour, seed=n)


def validation_images() -> Iterator[tuple[int, str, bytes]]:
    """Label, file name and contents in the order of the numbers in the names."""
    number = 0
    for n in range(VALIDATION):
        for colour, label in LABELS.items():
            number += 1
            name = f"ILSVRC2012_val_{number:08d}.JPEG"
            yield label, name, photograph(colour, seed=1000 + n)


def write_class_folders(folder: Path) -> None:
    """`train` with all 1,000 class folders, most of them empty, and `val` with eight."""
    for class_id in CLASS_IDS:
        (folder / "train" / class_id).mkdir(parents=True)
    for part, images in (("train", train_images()), ("val", validation_images())):
        for label, name, image in images:
            path = folder / part / CLASS_IDS[label] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image)
