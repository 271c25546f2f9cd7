"""Finds where in the user's `raw_dir` the files of one data set lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from t2t_multimodel import UserError


def own_folder(raw_dir: Path | None, name: str, how_to_get: str) -> Path:
    """`raw_dir/name` where that folder exists, else `raw_dir`: one raw_dir serves many problems.

    Args:
        raw_dir: as the user gave it.
        name: of the data set, e.g. "wmt".
        how_to_get: the problem's page, quoted by the error.

    Raises:
        UserError: there is no such folder.
    """
    if raw_dir is None:
        raise UserError(
            "This data is read from files that you have, but there is no --raw_dir.", how_to_get
        )
    if not raw_dir.is_dir():
        raise UserError(f"--raw_dir={raw_dir} is no folder.", how_to_get)
    own = raw_dir / name
    return own if own.is_dir() else raw_dir


def is_data(name: str | PurePath) -> bool:
    """Whether a path below a folder or in an archive is data.

    It is not if it is hidden, as the `._NAME` that macOS leaves beside each file, or in `__MACOSX`.
    """
    parts = PurePath(name).parts
    return not any(part.startswith(".") or part == "__MACOSX" for part in parts if part != ".")


def visible(folder: Path, pattern: str) -> list[Path]:
    """The paths below a folder that match the pattern and are data, in order."""
    return sorted(path for path in folder.glob(pattern) if is_data(path.relative_to(folder)))


def walked(root: Path) -> Iterator[Path]:
    """All files below a folder that are data, in order; links are followed, each folder once."""
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        state = os.stat(folder)
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(filter(is_data, folders))
        yield from (Path(folder, name) for name in sorted(filter(is_data, names)))
