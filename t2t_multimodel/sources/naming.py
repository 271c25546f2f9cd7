"""Finds the files of a split by their names, as people call them: `train.en`, `val_2016.csv.gz`."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from t2t_multimodel.errors import UserError
from t2t_multimodel.raw_files import visible

CALLED = {
    "train": ("train", "training"),
    "dev": ("dev", "valid", "validation", "val"),
    "test": ("test", "testing"),
}
"""Split -> words by which file names tell it, in any case; digits behind them do not count."""
PACKED = ("gz", "xz", "bz2")
"""Endings of packed files, which are read as they are."""
_BETWEEN = re.compile(r"[._-]+")


def tells(name: str, split: str) -> bool:
    """Whether a name has one of the split's words: `val_2016.en`, `captions_train2014.json`."""
    words = (word.rstrip("0123456789") for word in _BETWEEN.split(name.lower()))
    return any(word in CALLED.get(split, (split,)) for word in words)


def ending(path: Path) -> str:
    """What the name ends with, in lower case, but for that of a packer: `csv` of `a.csv.gz`."""
    *stem, last = path.name.lower().split(".")
    return stem[-1] if last in PACKED and stem else last


def with_ending(folder: Path, endings: Collection[str]) -> list[Path]:
    """The files right in a folder that end so, in order.

    Raises:
        UserError: the folder cannot be read.
    """
    try:
        found = visible(folder.iterdir())
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be read: {error.strerror}.") from None
    return [path for path in found if ending(path) in endings and not path.is_dir()]


def file_of_split(files: Collection[Path], split: str, stem: str = "") -> Path | None:
    """The one file of a split among several; None if there is none.

    Args:
        files: the files to choose from.
        split: its name.
        stem: what the file's name begins with, where it does not tell the split by itself.

    Raises:
        UserError: several files are of the split.
    """
    if stem:
        found = [path for path in files if path.name.startswith(f"{stem}.")]
    else:
        found = [path for path in files if tells(path.name, split)]
    if len(found) > 1:
        raise UserError(
            f"{found[0].parent} holds {found[0].name} and {found[1].name}: which one is {split}?",
            fix=f'Move the other one away, or name it in the class: stems = {{"{split}": "..."}}.',
        )
    return found[0] if found else None
