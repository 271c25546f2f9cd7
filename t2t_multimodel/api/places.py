"""Where things are: raw files, and a user's own code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from t2t_multimodel import usr_dir
from t2t_multimodel.data.raw_dirs import RawDirs

Place = str | Path
"""A file or a folder; `~` stands for the home folder."""
RawDirLike = str | Path | Mapping[str, Place] | RawDirs | None
"""What `raw_dir` takes: a folder, the text of `--raw_dir`, or problem -> folder."""


def raw_dirs(given: RawDirLike) -> RawDirs | None:
    """The folders of raw files.

    Raises:
        UserError: one of them does not exist.
    """
    if given is None or isinstance(given, RawDirs):
        return given
    if isinstance(given, Mapping):
        given = ",".join(f"{problem}:{folder}" for problem, folder in given.items())
    return RawDirs.parse(str(given))


def add_usr_dir(path: Place) -> None:
    """Makes the problems, sets and nets known that a folder or a `.py` file registers.

    It does what `--usr_dir` does for a command.

    Args:
        path: the folder or the file; several are separated by commas.

    Raises:
        UserError: it does not exist, or registers nothing.
    """
    usr_dir.add(path)
