"""The file that a finished run leaves: scores, what they were computed from, how it was made."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry
from t2t_multimodel.baselines.measured import known_baselines
from t2t_multimodel.config import Config
from t2t_multimodel.config.base import shown
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.evaluate.results_file import examples_file, result_of
from t2t_multimodel.paper.history import kept_curves
from t2t_multimodel.runs.run_folder import OF_THE_MACHINE
from t2t_multimodel.side_files import Damaged, read_json

CPU_FILE = "cpu_seconds.json"
"""In the folder of a run: the processor time of its training and scoring so far."""
_KEYS = (
    "arm",
    "seed",
    "config",
    "rows",
    "examples",
    "classical",
    "session",
    "cpu_seconds",
    "curves",
)
_ANOTHER = "Give another --output_dir, or move that away."


@dataclass(frozen=True, eq=False)
class Record:
    """A finished run."""

    arm: str
    seed: int
    config: dict[str, Any]
    """As `Config.to_dict` made it."""
    rows: list[dict[str, Any]]
    """As `results.json` has them: scores, intervals, source-blind and trivial baselines."""
    examples: list[dict[str, Any]]
    """As `results.examples.json` has them."""
    classical: dict[str, dict[str, float]]
    """Problem -> the scores of its classical baseline, as far as it is known."""
    session: dict[str, Any]
    """What it was made with, as the run's `config.json` has it."""
    cpu_seconds: float
    """Processor time of training and scoring, without sessions that were killed."""
    curves: dict[str, list[Any]]
    """Name -> steps and values of what the run logged, see `kept_curves`."""

    @functools.cached_property
    def results(self) -> dict[str, Result]:
        """Problem -> its scores, example by example."""
        results = (result_of(values) for values in self.examples)
        return {result.problem: result for result in results}

    @functools.cached_property
    def parsed(self) -> Config:
        """The config itself."""
        return Config.from_dict(self.config)

    @functools.cached_property
    def row_of(self) -> dict[str, dict[str, Any]]:
        """Problem -> its row."""
        return {row["problem"]: row for row in self.rows}


def record_file(results_dir: Path, arm: str, seed: int) -> Path:
    """Where the record of a run lies."""
    return results_dir / "runs" / f"{arm}-seed{seed}.json"


def run_folder(output_dir: Path, arm: str, seed: int) -> Path:
    """Where the run itself lies."""
    return output_dir / "runs" / f"{arm}-seed{seed}"


def load_record(file: Path) -> Record | None:
    """A record; None if there is none. Raises `UserError` if it is damaged."""
    if not file.is_file():
        return None
    fix = "Remove it: the command makes it again from the run."
    try:
        values = read_json(file, _KEYS)
        record = Record(**{name: values[name] for name in _KEYS})
        assert record.results.keys() == record.row_of.keys()
    except Damaged as error:
        raise Damaged(file, error.how, fix) from error
    except (LookupError, TypeError, ValueError, AssertionError) as error:
        raise Damaged(file, "it is no record of a run", fix) from error
    return record


def write_record(
    file: Path, run: Path, arm: str, seed: int, config: Config, data_dir: Path
) -> Record:
    """Makes the record of a run that has its table of scores.

    Args:
        file: where it is written.
        run: the folder of the run.
        arm: what the run is of.
        seed: likewise.
        config: of the run.
        data_dir: where its records lie.
    """
    rows = read_json(run / "results.json", kind=list)
    sessions = read_json(run / "config.json", ("sessions",))["sessions"]
    examples = read_json(examples_file(run / "results.json"), kind=list)
    classical = {row["problem"]: _classical(row, run, data_dir) for row in rows}
    values: dict[str, Any] = {
        "arm": arm,
        "seed": seed,
        "config": config.to_dict(),
        "rows": rows,
        "examples": [_short(one) for one in examples],
        "classical": {name: scores for name, scores in classical.items() if scores},
        "session": {k: v for k, v in sessions[-1].items() if k != "command"},  # may hold paths
        "cpu_seconds": cpu_seconds(run),
        "curves": kept_curves(run),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_by_rename(file) as stream:
        stream.write(json.dumps(values).encode())
    return Record(**values)


def _short(examples: dict[str, Any]) -> dict[str, Any]:
    """What the examples of a problem add to its scores, with 7 digits: half of the file's size."""
    counts = [[float(f"{value:.7g}") for value in row] for row in examples["counts"]]
    return {**examples, "counts": counts}


def _classical(row: dict[str, Any], run: Path, data_dir: Path) -> dict[str, float]:
    """The classical baseline of a problem's records, which is shipped or was measured before."""
    name = row["problem"]
    fingerprint = read_json(run / "config.json", ("data",))["data"][name]
    prepared = Prepared(registry.problems.get(name)(), {}, data_dir / name / fingerprint)
    known = known_baselines(prepared, row["split"])
    return dict(known.classical or {}) if known else {}


def is_complete(run: Path, config: Config) -> bool:
    """Whether a run folder has the final scores of all problems."""
    try:
        rows = read_json(run / "results.json", kind=list)
        found = {row["problem"] for row in rows}
    except (FileNotFoundError, Damaged, LookupError, TypeError):
        return False
    return found == config.rates.keys() and examples_file(run / "results.json").is_file()


def refuse_another(place: Path, then: dict[str, Any], now: Config) -> None:
    """Raises `UserError` if a run or a record is of another config than the arm's.

    Args:
        place: the folder or the file.
        then: its config, as `Config.to_dict` made it.
        now: the arm's.
    """
    before, wanted = flatten(Config.from_dict(then)), flatten(now)
    changes = [
        f"  {name}: {_shown(before, name)} then, {_shown(wanted, name)} now"
        for name in dict.fromkeys([*before, *wanted])
        if before.get(name) != wanted.get(name) and name not in OF_THE_MACHINE
    ]
    if changes:
        raise UserError("\n".join([f"{place} is of another experiment:", *changes]), _ANOTHER)


def _shown(values: dict[str, Any], name: str) -> str:
    return shown(values[name]) if name in values else "not there"


def cpu_seconds(run: Path) -> float:
    """Processor time of a run so far."""
    try:
        return float(read_json(run / CPU_FILE, ("seconds",))["seconds"])
    except FileNotFoundError:
        return 0.0


def add_cpu_seconds(run: Path, seconds: float) -> None:
    """Adds the processor time of one session."""
    total = cpu_seconds(run) + seconds
    with written_by_rename(run / CPU_FILE) as stream:
        stream.write(json.dumps({"seconds": total}).encode())
