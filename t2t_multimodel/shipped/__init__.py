"""Trained models that come with the package, each in a folder under the name that it is called by.

Commands and `load` take the name in the place of a run: `mm-decode --output_dir=octet`. A folder of
the user's under the same path goes first.
"""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel import storage
from t2t_multimodel.errors import UserError, did_you_mean

_HERE = Path(__file__).parent


def names() -> list[str]:
    """Lists the models that ship with the package."""
    return sorted(file.parent.name for file in _HERE.glob("*/state.json"))


def folder_of(model: Path | str, setting: str = "") -> Path:
    """Finds the folder that a run, a checkpoint or the name of a shipped model stands for.

    Args:
        model: what the user wrote.
        setting: where, such as `"train.warm_start="`; errors begin with it.

    Raises:
        UserError: there is no such folder, and no shipped model has this name.
    """
    path = storage.fetch(storage.place(model))
    if path.is_dir():
        return path
    if str(model) in names():
        return _HERE / str(model)
    if path.exists():
        raise UserError(
            f"{setting}{path} is a file.", "Give the folder of a run or of a checkpoint."
        )
    ships = f" Trained models that ship: {', '.join(names())}." if names() else ""
    raise UserError(
        f"{setting}{path} does not exist.{did_you_mean(str(model), names())}",
        f"mm-trainer writes runs into ./runs/SET.{ships}",
    )
