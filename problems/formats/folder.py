"""Where in the user's `raw_dir` the files of one data set lie."""

from __future__ import annotations

from pathlib import Path

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
