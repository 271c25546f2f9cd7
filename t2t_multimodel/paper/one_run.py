"""One run of an experiment: trained to its end, then its record is written."""

from __future__ import annotations

import time
from dataclasses import dataclass

from t2t_multimodel import quiet, storage
from t2t_multimodel.data.raw_dirs import RawDirs
from t2t_multimodel.overrides import Resolved


@dataclass(frozen=True)
class RunTask:
    """What a process of its own needs to train a run. Folders are texts: they may be URLs."""

    arm: str
    seed: int
    resolved: Resolved
    data_dir: str
    raw_dir: str
    output_dir: str
    """Gets the folder of the run."""
    results_dir: str
    """Gets its record."""

    @property
    def name(self) -> str:
        """Names its folder and its record."""
        return f"{self.arm}-seed{self.seed}"


def train_run(task: RunTask) -> bool:
    """Trains a run to its end and writes its record; False if a signal stopped it."""
    quiet.import_backend()
    from t2t_multimodel.paper import record
    from t2t_multimodel.train.main import train

    run = record.run_folder(storage.place(task.output_dir), task.arm, task.seed)
    raw_dir = RawDirs.parse(task.raw_dir) if task.raw_dir else None
    begin = time.process_time()
    results = train(task.resolved, storage.place(task.data_dir), raw_dir, run)
    record.add_cpu_seconds(run, time.process_time() - begin)
    if results:
        write_record_of(task)
    storage.publish_all()
    return bool(results)


def is_trained(task: RunTask) -> bool:
    """Whether the run has all its scores, so that its record alone may be missing."""
    from t2t_multimodel.paper import record

    run = record.run_folder(storage.place(task.output_dir), task.arm, task.seed)
    return record.is_complete(run, task.resolved.config)


def write_record_of(task: RunTask) -> None:
    """Writes the record of a run that is trained."""
    from t2t_multimodel.paper import record

    results_dir, output_dir = storage.place(task.results_dir), storage.place(task.output_dir)
    record.write_record(
        record.record_file(results_dir, task.arm, task.seed),
        record.run_folder(output_dir, task.arm, task.seed),
        task.arm,
        task.seed,
        task.resolved.config,
        storage.place(task.data_dir),
    )
