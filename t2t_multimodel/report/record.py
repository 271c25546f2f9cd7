"""A run's own record, read without TensorFlow and without the code that the run was made with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import overrides
from t2t_multimodel.config.base import KIND
from t2t_multimodel.errors import UserError


@dataclass(frozen=True)
class RunRecord:
    """What the JSON files of a run folder hold; what it did not write yet is empty."""

    path: Path
    config: dict[str, Any]
    results: list[dict[str, Any]]
    """Rows of the table at the end."""
    baselines: dict[str, dict[str, Any]]
    """Problem -> split -> "source_blind" and "trivial" -> score -> value."""
    mixture: dict[str, Any]
    """The steps, and what each of the problems got in them."""
    samples: dict[str, Any]
    """Problem -> step, split and its newest samples."""

    @property
    def settings(self) -> dict[str, Any]:
        """`model.hidden_size` -> value, in the order recorded."""
        return _flat(self.config["config"])

    @property
    def origins(self) -> dict[str, str]:
        """`model.hidden_size` -> default, set NAME, gin FILE, or the flag."""
        return self.config["origins"]

    @property
    def data(self) -> dict[str, str]:
        """Problem -> fingerprint of its encoded data."""
        return self.config["data"]

    @property
    def made_with(self) -> dict[str, Any]:
        """Facts of the newest session: package -> version, python, backend, system, git."""
        session = self.config["sessions"][-1]
        git = session["git"] or {"commit": None, "changed": []}
        facts = {name: session[name] for name in ("python", "backend", "system")}
        return {
            **session["packages"],
            **facts,
            "git commit": git["commit"],
            "git changes": git["changed"],
        }

    @property
    def scores(self) -> dict[str, float]:
        """ "octet_ende teacher_forced/log_ppl" -> value, of the table at the end."""
        return {
            f"{row['problem']} {name}": value
            for row in self.results
            for name, value in row["scores"].items()
        }


def read_record(path: Path) -> RunRecord:
    """The record of a run folder.

    Raises:
        UserError: the folder holds no run.
    """
    file = path / "config.json"
    if not file.is_file():
        raise UserError(
            f"{path} holds no run: there is no {file}.",
            fix="Name a folder that mm-trainer wrote, such as runs/octet_quick.",
        )
    return RunRecord(
        path,
        config=overrides.read_record(file),
        results=_json(path / "results.json", []),
        baselines=_json(path / "baselines.json", {}),
        mixture=_json(path / "mixture.json", {}),
        samples=_json(path / "samples.json", {}),
    )


def compared_score(scores: dict[str, float]) -> str:
    """The score of a problem that is compared with baselines: top1 for class labels."""
    return "top1" if "top1" in scores else "teacher_forced/log_ppl"


def as_text(value: Any) -> str:
    """A recorded value for tables; "-" for none."""
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.6g}"
        case list() | tuple():
            return ", ".join(map(as_text, value)) or "none"
        case _:
            return str(value)


def _json(file: Path, default: Any) -> Any:
    return json.loads(file.read_text()) if file.is_file() else default


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Path -> value; the kind of a section stands at the section's own path."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name == KIND and prefix:
            flat[prefix.removesuffix(".")] = value
        elif isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            flat[prefix + name] = [_entry(one) if isinstance(one, dict) else one for one in value]
        else:
            flat[prefix + name] = value
    return flat


def _entry(values: dict[str, Any]) -> str:
    """A small section as it is typed, `octet_ende:2`."""
    parts = (value if isinstance(value, list) else [value] for value in values.values())
    return ":".join(as_text(value) for part in parts for value in part)
