"""Problems without Python: `DATA_DIR/NAME/problem.json` says what a class would.

It holds names, numbers and the folder of the raw files, and no code: what is read from it can
neither run nor import anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from t2t_multimodel import side_files, storage
from t2t_multimodel._scan import DEFINITION
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.problem import Problem
from t2t_multimodel.sources.class_folders import ClassFolders
from t2t_multimodel.sources.feature_notation import metrics_for, read_feature
from t2t_multimodel.sources.parallel_text import ParallelText
from t2t_multimodel.sources.split_files import SplitFiles
from t2t_multimodel.sources.table import Table

KINDS: dict[str, type[SplitFiles]] = {
    "parallel": ParallelText,
    "table": Table,
    "class_folders": ClassFolders,
}
"""Word of `--from` -> the class that reads such files."""
_FORMAT = 1
_SHAPE: dict[str, Any] = {
    "format": int,
    "kind": str,
    "folder": str,
    "source": str,
    "target": str,
    "inputs": str,
    "targets": str,
    "classes": {"inputs": [str], "targets": [str]},
    "splits": [str],
    "held_out": [(int, float)],
}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Says what the class of a problem says."""

    kind: str
    """One of `KINDS`."""
    folder: str
    """Where the raw files are, absolute."""
    source: str = ""
    """Ending of the files, or column, of the inputs; empty for folders of classes."""
    target: str = ""
    """The same of the targets."""
    inputs: str = "text"
    """Kind of the inputs, see `feature_notation`."""
    targets: str = "text"
    """Kind of the targets."""
    classes: dict[str, list[str]] = field(default_factory=lambda: {"inputs": [], "targets": []})
    """Names of the classes of `inputs` and `targets`, where they are classes."""
    splits: list[str] = field(default_factory=lambda: ["train", "dev", "test"])
    """The splits that there are, or that are cut out of train."""
    held_out: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Shares of train that are dev and test."""

    def problem_class(self, name: str) -> type[SplitFiles]:
        """The class that would be written by hand.

        Raises:
            UserError: the kind of problem or of data is not known.
        """
        if self.kind not in KINDS:
            raise unknown("kind of source", self.kind, list(KINDS))
        inputs = read_feature(self.inputs, self.classes["inputs"])
        targets = read_feature(self.targets, self.classes["targets"])
        values: dict[str, Any] = {
            "__doc__": f"{self.kind} in {self.folder}.",
            "__module__": __name__,
            "name": name,
            "inputs": inputs,
            "targets": targets,
            "metrics": metrics_for(inputs, targets),
            "splits": tuple(self.splits),
            "held_out": tuple(self.held_out),
            "home": storage.place(self.folder),
            # records depend on the settings, which are in no source file
            "version": f"source={self.source} target={self.target} held_out={self.held_out}",
        }
        if self.kind != "class_folders":
            values |= {"source": self.source, "target": self.target}
        return type(name, (KINDS[self.kind],), values)


def read(path: Path) -> Definition:
    """The definition in a file.

    Raises:
        UserError: the file is damaged, or of a later version.
    """
    found = side_files.read_json(path, _SHAPE)
    try:
        side_files.require(found, _SHAPE)
    except ValueError as error:
        raise side_files.Damaged(path, str(error)) from error
    if found["format"] != _FORMAT:
        raise UserError(f"{path} has format {found['format']}; this version reads {_FORMAT}.")
    if len(found["held_out"]) != 2:
        raise side_files.Damaged(path, "held_out has not two shares")
    known = {key: found[key] for key in _SHAPE if key != "format"}
    return Definition(**known)


def problem_class(path: Path) -> type[Problem]:
    """The problem that `NAME/problem.json` defines.

    Raises:
        UserError: the file is damaged.
    """
    return read(path).problem_class(path.parent.name)


def write(definition: Definition, name: str, data_dir: Path) -> Path:
    """Writes `DATA_DIR/NAME/problem.json` and returns its path.

    Raises:
        UserError: the file cannot be written.
    """
    path = data_dir / name / DEFINITION
    text = json.dumps({"format": _FORMAT, **asdict(definition)}, indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from None
    storage.publish(path)
    return path
