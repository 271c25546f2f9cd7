"""One short run on the made tasks that the tests of training and evaluation share."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from t2t_multimodel import usr_dir
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.overrides import Resolved, resolve
from t2t_multimodel.train import main
from t2t_multimodel.train.loop import Trainer

TASKS = Path(__file__).parent / "small_tasks.py"


def forget_small_tasks() -> None:
    """Drops the module, so that it registers its names again when it is next added."""
    sys.modules.pop(usr_dir._module_name(TASKS), None)


@dataclass
class Run:
    """A finished run, its trainer still warm."""

    folder: Path
    data_dir: Path
    resolved: Resolved
    trainer: Trainer
    results: list[Result]
    lines: list[str] = field(default_factory=list)
    """What the trainer said."""
    traces: list[int] = field(default_factory=list)
    """Functions that were traced when it said it."""

    @property
    def prepared(self) -> dict[str, Prepared]:
        return self.trainer.prepared


_runs: list[Run] = []


def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run, trained when it is first asked for."""
    if not _runs:
        with pytest.MonkeyPatch.context() as patch:
            _runs.append(_train(tmp_path_factory.mktemp("made"), patch))
    return _runs[0]


def _train(folder: Path, patch: pytest.MonkeyPatch) -> Run:
    forget_small_tasks()
    usr_dir.add(TASKS)
    lines: list[str] = []
    traces: list[int] = []
    trainers: list[Trainer] = []

    class Watched(Trainer):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            self.log = self.record
            trainers.append(self)

        def record(self, line: str) -> None:
            lines.append(line)
            traces.append(self.engine.traces)

    patch.setattr(main, "Trainer", Watched)
    resolved = resolve("made_tiny")
    data_dir, output_dir = folder / "data", folder / "run"
    generate(list(resolved.config.rates), data_dir, options=DatagenOptions(report=lambda _: None))
    rows = main.train(resolved, data_dir, None, output_dir)
    results = [row.result for row in rows]
    return Run(output_dir, data_dir, resolved, trainers[0], results, lines, traces)
