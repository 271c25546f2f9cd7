"""A run's own record, read without TensorFlow and without the code that the run was made with."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import overrides
from t2t_multimodel.config.base import KIND
from t2t_multimodel.errors import UserError
from t2t_multimodel.side_files import NUMBER, Damaged, read_or, require, shaped

COPY_AGAIN = "Copy it again from where the run came."
_SCORES = {str: NUMBER}
_RESULTS = [
    {
        **{"problem": str, "split": str, "examples": int, "scores": _SCORES},
        "intervals": {str: [NUMBER]},
        **{"source_blind_baseline": _SCORES, "trivial_baseline": _SCORES},
    }
]
_BASELINES = {str: {str: {"source_blind": _SCORES, "trivial": _SCORES}}}
_PARTS = dict.fromkeys(("asked", "batches", "examples", "targets", "epochs"), NUMBER)
_MIXTURE = {"steps": int, "problems": [{"problem": str, **_PARTS}]}
_SAMPLE = dict.fromkeys(("type", "data", "words", "target", "output"), str)
_SESSION = {
    **{"time": str, "command": [str], "packages": {str: str}, "git": (dict, None)},
    **dict.fromkeys(("python", "backend", "system"), str),
}
_CONFIG = {
    **{"hparams_set": str, "config": dict, "origins": {str: str}, "data": {str: str}},
    "sessions": [_SESSION],
}


@dataclass(frozen=True)
class RunRecord:
    """Holds the content of the JSON files of a run folder; one that is not there yet is empty."""

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


_SUCH = "Name a folder that mm-trainer wrote, such as runs/octet_quick."


def read_record(path: Path, say: Callable[[str], None] = print) -> RunRecord:
    """The record of a run folder.

    Args:
        path: of the folder.
        say: takes a line for each file that is damaged and left out.

    Raises:
        UserError: the folder holds no run, or its config is damaged.
    """
    file = path / "config.json"
    if not file.is_file():
        runs = sorted(str(one.parent) for one in path.glob("*/config.json"))
        such = f"Name one of its runs: {', '.join(runs)}." if runs else _SUCH
        raise UserError(f"{path} holds no run: there is no {file}.", such)
    config = overrides.read_record(file)
    try:
        require(config, _CONFIG)
    except ValueError as error:
        raise Damaged(file, f"{error} where it should not be", COPY_AGAIN) from error
    return RunRecord(
        path,
        config=config,
        results=read_or(path / "results.json", [], shaped(_RESULTS), say, list),
        baselines=read_or(path / "baselines.json", {}, shaped(_BASELINES), say),
        mixture=read_or(path / "mixture.json", {}, shaped(_MIXTURE), say),
        samples=read_or(path / "samples.json", {}, _samples, say),
    )


def compared_score(scores: dict[str, float]) -> str:
    """The score of a problem that is compared with baselines.

    It is top1 of classes, teacher_forced/log_ppl of tokens, and the loss of values.
    """
    of_values = (name for name in scores if name.startswith("loss/"))
    return "top1" if "top1" in scores else next(of_values, "teacher_forced/log_ppl")


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


def _samples(value: Any) -> dict[str, Any]:
    require(value, {str: {"step": int, "split": str, "samples": [_SAMPLE]}})
    for kept in value.values():
        for sample in kept["samples"]:
            base64.b64decode(sample["data"], validate=True)
    return value


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
