"""The folder of a run: its config with the origin of each value, checkpoints, scalars, tables."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import usr_dir
from t2t_multimodel.checkpoints.trusted_code import remember
from t2t_multimodel.config import Config
from t2t_multimodel.config.base import shown
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.files import writing, written_by_rename
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.samples import Sample
from t2t_multimodel.overrides import Resolved, read_record
from t2t_multimodel.raw_files import mark_own
from t2t_multimodel.runs import trackers
from t2t_multimodel.runs.event_file import EventFile
from t2t_multimodel.runs.provenance import session
from t2t_multimodel.side_files import read_lines, read_or

OF_THE_MACHINE = (
    "train.log_steps",
    "train.report_to",
    "train.affinity_steps",
    "train.checkpoint_steps",
    "train.keep_checkpoints",
    "train.parallel_batches",
    "train.distribution",
    "train.max_xent",
)
"""Settings that do not change what a run learns or how it is scored."""
FREE_TO_CHANGE = (*OF_THE_MACHINE, "train.steps", "evaluate.")
"""Settings that a resumed run may change: they do not touch what was learned so far."""


class RunFolder:
    """Writes what a run leaves behind; every file appears whole.

    Args:
        path: of the folder.
        writes: whether this process writes; of several workers only the chief does.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path, self.writes = path, writes
        self.checkpoints = path / "checkpoints"
        self._events: EventFile | None = None
        self._tracker: trackers.Tracker | None = None
        self._first_step = 0

    def check_settings(self, config: Config) -> None:
        """Raises `UserError` if the folder's run was begun with other settings."""
        old = self._record()
        if old is not None:
            before, now = flatten(Config.from_dict(old["config"])), flatten(config)
            self._refuse(
                f"{name}: {shown(before.get(name))} then, {shown(value)} now"
                for name, value in now.items()
                if before.get(name) != value and not name.startswith(FREE_TO_CHANGE)
            )

    def begun_with(self) -> dict[str, str]:
        """Problem -> fingerprint of the records that the folder's run was begun with."""
        return dict((self._record() or {}).get("data", {}))

    @property
    def starts(self) -> int:
        """How often the run was started, this time included."""
        return len((self._record() or {}).get("sessions", []))

    def open(
        self, resolved: Resolved, prepared: dict[str, Prepared], raw_dir: RawDir = None
    ) -> None:
        """Writes `config.json`; each time that a run goes on, its `sessions` grow by one.

        Raises:
            UserError: the folder's run was begun with other data.
        """
        data = {name: one.fingerprint for name, one in prepared.items()}
        self.record(resolved, data, raw_dir)
        if self.writes:
            config = resolved.config
            self._tracker = trackers.begin(config.train.report_to, self.path, config)

    def close(self) -> None:
        """Ends what a tracker keeps open; a folder that was not opened has nothing."""
        if self._tracker is not None:
            self._tracker.close()
            self._tracker = None

    def record(self, resolved: Resolved, data: dict[str, str], raw_dir: RawDir = None) -> None:
        """Does the same as `open`, from the fingerprints of the problems' data alone."""
        old = self._record() or {"data": {}, "sessions": []}
        self._refuse(
            f"the data of {name} is another"
            for name, fingerprint in data.items()
            if old["data"].get(name, fingerprint) != fingerprint
        )
        record = {
            "hparams_set": resolved.set_name,
            "config": resolved.config.to_dict(),
            "origins": resolved.origins,
            "data": data,
            "sessions": [*old.get("sessions", []), session()],
            "usr_dirs": usr_dir.added(),
        }
        self.write_json("config.json", record)
        if self.writes:
            mark_own(self.path)
            remember(self.path, usr_dir.added(), raw_dir=raw_dir)

    def _record(self) -> dict[str, Any] | None:
        file = self.path / "config.json"
        return read_record(file) if file.is_file() else None

    def _refuse(self, changes: Iterable[str]) -> None:
        listed = [f"  {change}" for change in changes]
        if listed:
            raise UserError(
                "\n".join([f"{self.path} holds a run with other settings:", *listed]),
                fix="Give the same settings to go on with it, or another --output_dir.",
            )

    def write_scalars(self, step: int, values: dict[str, Any]) -> None:
        """Appends numbers and arrays to `scalars.jsonl`, TensorBoard's file, and the tracker."""
        if not self.writes:
            return
        plain = {name: np.asarray(value).tolist() for name, value in values.items()}
        self._event_file().add(step, plain)
        if self._tracker is not None:
            self._tracker.add(step, plain)
        file = self.path / "scalars.jsonl"
        with writing(file), open(file, "a") as stream:
            stream.write(json.dumps({"step": step, "time": time.time(), **plain}) + "\n")

    def write_samples(self, step: int, problem: str, split: str, samples: Sequence[Sample]) -> None:
        """Puts a problem's newest samples into `samples.json`, all into TensorBoard's file."""
        if not self.writes:
            return
        file = self.path / "samples.json"
        known = read_or(file, {}, dict, print)
        values = [sample.to_dict() for sample in samples]
        known[problem] = {"step": step, "split": split, "samples": values}
        self.write_json(file.name, known)
        self._event_file().add_samples(step, problem, samples)

    def _event_file(self) -> EventFile:
        if self._events is None:
            self._events = EventFile(self.path / "tensorboard", self._first_step)
        return self._events

    def rewind(self, step: int) -> None:
        """Drops scalars of steps after `step`, which a run that goes on from there does again."""
        self._first_step = step + 1
        file = self.path / "scalars.jsonl"
        if self.writes and file.is_file():
            lines = read_lines(file, ("step",), print)
            kept = [line for values, line in lines if _is_until(values["step"], step)]
            with written_by_rename(file) as stream:
                stream.write("".join(kept).encode())

    def write_json(self, name: str, value: Any) -> None:
        """Writes a JSON file into the run."""
        if self.writes:
            with written_by_rename(self.path / name) as file:
                file.write(json.dumps(value, indent=1).encode())


def _is_until(logged: Any, step: int) -> bool:
    return isinstance(logged, (int, float)) and logged <= step
