"""ImageNet (ILSVRC 2012), 1,281,167 train and 50,000 validation photographs of 1,000 classes.

Four layouts are read: class folders, the official tar files, TFRecords as the Inception scripts
write them, and those of TensorFlow Datasets (`imagenet2012`). All give the same labels. A part
(a class, or a record file) can be read alone. Of the train photographs one in `DEV_EVERY` is dev.
"""

from __future__ import annotations

import re
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from t2t_multimodel import BadValue, UserError, read_tfrecords
from t2t_multimodel.problems.corpora.imagenet_labels import label_files, validation_ids
from t2t_multimodel.problems.formats.archives import (
    inner_archive,
    member_contents,
    tar_archive,
    whole,
)
from t2t_multimodel.problems.formats.folder import is_data, visible

CLASSES = 1000
DEV_EVERY = 128
TRAIN_TAR, VALIDATION_TAR = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
_CLASS = re.compile(r"n\d{8}")
_IMAGES = (".jpeg", ".jpg", ".png")
_FOLDERS = (".", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC")  # the last two as Kaggle has it


class Photograph(NamedTuple):
    """An image with its class."""

    origin: str
    """File, and place in it."""
    image: Path | bytes | BadValue
    label: int | BadValue
    """`label` is a number from 0 to 999."""


class Layout(ABC):
    """Knows how the photographs lie under a folder."""

    @abstractmethod
    def files(self) -> list[Path]:
        """Files, and folders of many files, that are read."""

    @abstractmethod
    def parts(self, split: str) -> list[str]:
        """Names of what can be read alone; split is train, dev or test."""

    @abstractmethod
    def read(self, part: str, split: str) -> Iterator[Photograph]:
        """The photographs of a part that belong to the split."""


def find_layout(root: Path, how_to_get: str) -> Layout:
    """The layout of what lies under `root`.

    Raises:
        UserError: it is none of the four, or not whole.
    """
    for below in _FOLDERS:
        train = root / below / "train"
        validation = [root / below / name for name in ("val", "validation")]
        for folder in filter(Path.is_dir, validation):
            if any(_CLASS.fullmatch(path.name) for path in train.glob("n*")):
                return ClassFolders(root, train, folder)
    if (root / TRAIN_TAR).is_file() and (root / VALIDATION_TAR).is_file():
        return Tars(root)
    for names in (INCEPTION, TFDS):
        layout = Records(root, *names)
        if layout.parts("train") and layout.parts("test"):
            return layout
    raise UserError(f"ImageNet is not in {root}: none of its four layouts is.", how_to_get)


def labels_of(names: list[str], where: Path) -> dict[str, int]:
    """Label of each WordNet id: its place in alphabetical order.

    Raises:
        UserError: these are not 1,000 classes, and any label might be wrong.
    """
    if len(names) != CLASSES:
        raise UserError(
            f"{where} holds {len(names)} classes of ImageNet, not {CLASSES:,}.",
            fix="Labels are the places of the classes in alphabetical order: restore the missing "
            "ones, empty folders will do.",
        )
    return {name: label for label, name in enumerate(sorted(names))}


def _of_split(number: int, split: str) -> bool:
    """Whether the train photograph or file of this number belongs to train or to dev."""
    return split == "test" or (number % DEV_EVERY == 0) == (split == "dev")


class ClassFolders(Layout):
    """`train/n01440764/*.JPEG`, and `val` likewise or flat with a file of labels."""

    def __init__(self, root: Path, train: Path, validation: Path) -> None:
        self.root, self.folders = root, {"train": train, "dev": train, "test": validation}
        names = [path.name for path in train.iterdir() if _CLASS.fullmatch(path.name)]
        self.labels = labels_of(names, train)
        self.flat = not any(_CLASS.fullmatch(path.name) for path in validation.glob("n*"))

    def files(self) -> list[Path]:
        """A folder for each class, or one for all of a flat `val` with its files of labels."""
        classes = [self.folders["train"] / name for name in sorted(self.labels)]
        if self.flat:
            return [*classes, self.folders["test"], *label_files(self.root)]
        return classes + [self.folders["test"] / name for name in self.parts("test")]

    def parts(self, split: str) -> list[str]:
        """Classes that have a folder; a flat `val` is one part."""
        if split == "test" and self.flat:
            return ["."]
        return [name for name in sorted(self.labels) if (self.folders[split] / name).is_dir()]

    def read(self, part: str, split: str) -> Iterator[Photograph]:
        """The photographs of a class.

        Raises:
            UserError: a flat `val` holds more or fewer images than have labels.
        """
        folder = self.folders[split] / part
        paths = [path for path in visible(folder, "*") if path.suffix.lower() in _IMAGES]
        flat = split == "test" and self.flat
        ids = validation_ids(self.root) if flat else []
        if flat:
            _check_labelled(folder, len(paths), len(ids))
        for number, path in enumerate(paths):
            if _of_split(number, split):
                label = _label_of(ids[number] if flat else part, self.labels)
                yield Photograph(str(path), path, label)


class Tars(Layout):
    """The two official tar files, of which the first holds a tar for each class."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = {"train": root / TRAIN_TAR, "dev": root / TRAIN_TAR}
        with whole(self.paths["train"]), tar_archive(self.paths["train"]) as outer:
            self.members = {Path(m.name).stem: m for m in outer if m.name.endswith(".tar")}
        self.labels = labels_of(list(self.members), self.paths["train"])

    def files(self) -> list[Path]:
        """Names both archives and the files of validation labels."""
        return [self.root / TRAIN_TAR, self.root / VALIDATION_TAR, *label_files(self.root)]

    def parts(self, split: str) -> list[str]:
        """Classes, each with a tar of its own; all of validation is one part."""
        return [VALIDATION_TAR] if split == "test" else sorted(self.labels)

    def read(self, part: str, split: str) -> Iterator[Photograph]:
        """The photographs of a class, or all of validation, in the order of their names."""
        with whole(self.paths.get(split, self.root / VALIDATION_TAR)):
            found = self._validation() if split == "test" else self._class(part, split)
            yield from found

    def _validation(self) -> Iterator[Photograph]:
        path, ids = self.root / VALIDATION_TAR, validation_ids(self.root)
        with tar_archive(path) as archive:
            members = _members(archive)
            _check_labelled(path, len(members), len(ids))
            for name, member in zip(ids, members, strict=True):
                image = member_contents(archive, member)
                label = _label_of(name, self.labels)
                yield Photograph(f"{VALIDATION_TAR}: {member.name}", image, label)

    def _class(self, part: str, split: str) -> Iterator[Photograph]:
        with tar_archive(self.paths[split]) as outer:
            inner = outer.extractfile(self.members[part])
            assert inner is not None  # a member that is a file has content
            with inner_archive(inner) as archive:
                for number, member in enumerate(_members(archive)):
                    if _of_split(number, split):
                        image = member_contents(archive, member)
                        origin = f"{TRAIN_TAR}: {part}.tar: {member.name}"
                        yield Photograph(origin, image, self.labels[part])


def _label_of(name: str, labels: dict[str, int]) -> int | BadValue:
    return labels.get(name, BadValue(f"{name} is none of the {len(labels):,} classes of train"))


def _members(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """The files in an archive, by name."""
    files = (member for member in archive if member.isfile() and is_data(member.name))
    return sorted(files, key=lambda member: member.name)


def _check_labelled(place: Path, images: int, labels: int) -> None:
    """Raises `UserError` unless each image has a label: any of them might be wrong."""
    if images != labels:
        raise UserError(f"{place} holds {images:,} images, but {labels:,} have labels.")


INCEPTION = ("train-", "validation-", "image/encoded", "image/class/label", 1)
TFDS = ("imagenet2012-train.tfrecord-", "imagenet2012-validation.tfrecord-", "image", "label", 0)
_VERSION = re.compile(r"\d+\.\d+\.\d+")  # a folder such as imagenet2012/5.1.0
_OF = re.compile(r"\d{5}-of-(\d{5})")


class Records(Layout):
    """TFRecord files; one train file in `DEV_EVERY` is dev."""

    def __init__(
        self, root: Path, train: str, test: str, image: str, label: str, first: int
    ) -> None:
        """
        Args:
            root: the folder that holds the files, or `imagenet2012/VERSION/` with them.
            train: how names of train files begin.
            test: how names of validation files begin.
            image: key of the encoded image.
            label: key of the label.
            first: the label of the first class: Inception counts from 1, 0 is "background".

        Raises:
            UserError: some of the files are missing.
        """
        self.root, self.first = root, first
        self.keys = image, label
        versions = sorted(p for p in root.glob("imagenet2012/*") if _VERSION.fullmatch(p.name))
        self.paths = {
            split: _record_files(root, name) or _record_files((versions or [root])[-1], name)
            for split, name in (("train", train), ("test", test))
        }

    def files(self) -> list[Path]:
        """All record files, in order."""
        return self.paths["train"] + self.paths["test"]

    def parts(self, split: str) -> list[str]:
        """Record files, by their paths under the root."""
        paths = self.paths["test" if split == "test" else "train"]
        chosen = (path for n, path in enumerate(paths) if _of_split(n, split))
        return [path.relative_to(self.root).as_posix() for path in chosen]

    def read(self, part: str, split: str) -> Iterator[Photograph]:
        """The photographs of a record file; a damaged one has a BadValue for image and label."""
        for number, record in enumerate(read_tfrecords(self.root / part)):
            origin = f"{part} record {number}"
            if isinstance(record, BadValue):
                yield Photograph(origin, record, record)
            else:
                image, label = (_only(record, key) for key in self.keys)
                yield Photograph(origin, image, self._label(label))

    def _label(self, label: Any) -> int | BadValue:
        if isinstance(label, BadValue):
            return label
        if not self.first <= label < self.first + CLASSES:
            last = self.first + CLASSES - 1
            return BadValue(f"label {label} of the record is out of range {self.first} to {last}")
        return label - self.first


def _record_files(folder: Path, name: str) -> list[Path]:
    """The files `name00000-of-00128` and so on, all or none of them."""
    numbered = (
        (path, _OF.fullmatch(path.name.removeprefix(name))) for path in folder.glob("*-of-*")
    )
    found = {path: int(match[1]) for path, match in numbered if match}
    if found and set(found.values()) != {len(found)}:
        raise UserError(f"{folder} holds {len(found):,} of {max(found.values()):,} files {name}*.")
    return sorted(found)


def _only(record: dict[str, list[Any]], key: str) -> Any:
    values = record.get(key, [])
    return values[0] if len(values) == 1 else BadValue(f"record has {len(values)} values of {key}")
