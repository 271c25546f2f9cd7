"""Values of files as features take them: a cell of a table, a member of an archive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.errors import foreign
from t2t_multimodel.features import Audio, BadValue, ClassLabel, Feature, Text


def value_of(feature: Feature, cell: Any, folder: Path | None = None) -> Any:
    """A cell as a value of the feature, or a `BadValue` that says why it is none.

    Args:
        feature: texts take text, classes a name or a number, pictures and sounds the bytes or the
            path of a file, and others what `Feature.parse` reads.
        cell: text, a number, bytes, an array, or a list of them; None where there is none.
        folder: that relative paths begin at.
    """
    if isinstance(cell, BadValue):
        return cell
    if cell is None:
        return BadValue("there is no value")
    try:
        with foreign(BadValue):
            return _value(feature, cell, folder)
    except BadValue as error:
        return error


def _value(feature: Feature, cell: Any, folder: Path | None) -> Any:
    if isinstance(feature, Text):
        several = feature.several and isinstance(cell, (list, tuple, np.ndarray))
        texts = [_text(one) for one in (cell if several else [cell])]
        return texts if feature.several else texts[0]
    if isinstance(feature, ClassLabel):
        if feature.names or not isinstance(cell, (str, bytes)):
            return cell if isinstance(cell, (int, np.integer)) else _text(cell)
        return int(_text(cell).strip())
    if isinstance(cell, str) and feature.medium != "text":
        return Path(cell) if folder is None else folder / cell
    if isinstance(feature, Audio) and isinstance(cell, Mapping):
        return _sound(cell)
    if isinstance(cell, (str, bytes)) and feature.medium == "text":
        return feature.parse(cell)
    return cell


def _text(cell: Any) -> str:
    return cell.decode("utf-8") if isinstance(cell, bytes) else str(cell).strip()


def _sound(cell: Mapping[str, Any]) -> Any:
    """A sound as libraries hold it: its bytes or its path, or samples with their rate."""
    if cell.get("bytes"):
        return cell["bytes"]
    if cell.get("array") is not None:
        return np.asarray(cell["array"], np.float32), int(cell["sampling_rate"])
    return Path(cell["path"])


def cell_of(row: Mapping[str, Any], name: str) -> Any:
    """A column of a row, `translation.en` for one inside of another; None if it is not there."""
    if name in row:
        return row[name]
    here: Any = row
    for part in name.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return here
