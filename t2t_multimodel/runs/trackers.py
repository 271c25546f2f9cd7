"""Trackers of experiments that get a run's scalars beside TensorBoard: Weights & Biases, MLflow.

Each is a package of its own, an extra. Where it keeps things, and whether it sends them anywhere,
is set by its own environment variables, such as `WANDB_MODE=offline` or `MLFLOW_TRACKING_URI`.
"""

from __future__ import annotations

import importlib
import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError
from t2t_multimodel.side_files import read_or

PROJECT = "t2t_multimodel"
"""The project, or the experiment, to which all runs belong."""
FILE = "trackers.json"
"""Holds the id that a tracker gave the run, so that a run that goes on goes on there too."""


class Tracker(ABC):
    """One run of a tracker.

    Args:
        folder: of the run.
        config: of the run; the tracker shows it.
    """

    package = ""
    """The package that it needs, which is also the name of the extra."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self._module: Any = imported(self.package)
        known: dict[str, str] = read_or(folder / FILE, {}, dict, print)
        settings = {name: str(value) for name, value in flatten(config).items()}
        self._id = self._begin(known.get(self.package), settings)
        with written_by_rename(folder / FILE) as file:
            file.write(json.dumps({**known, self.package: self._id}, indent=1).encode())

    def add(self, step: int, values: dict[str, Any]) -> None:
        """Sends the numbers among the values; arrays, such as loads of experts, are left out."""
        numbers = {name: float(one) for name, one in values.items() if not isinstance(one, list)}
        self._send(step, numbers)

    @abstractmethod
    def _begin(self, known: str | None, settings: dict[str, str]) -> str:
        """Begins a run, or goes on with the one of this id; returns its id."""

    @abstractmethod
    def _send(self, step: int, numbers: dict[str, float]) -> None:
        """Sends scalars."""

    @abstractmethod
    def close(self) -> None:
        """Ends the run."""


class Wandb(Tracker):
    """Weights & Biases. Its files are in the run's folder, below `wandb`."""

    package = "wandb"

    def _begin(self, known: str | None, settings: dict[str, str]) -> str:
        self._run = self._module.init(
            project=PROJECT,
            name=self.folder.name,
            dir=str(self.folder),
            id=known,
            resume="allow",
            config=settings,
        )
        return str(self._run.id)

    def _send(self, step: int, numbers: dict[str, float]) -> None:
        self._run.log(numbers, step=step)

    def close(self) -> None:
        self._run.finish()


class Mlflow(Tracker):
    """MLflow. Without `MLFLOW_TRACKING_URI` its files are beside the run, in `mlruns`."""

    package = "mlflow"

    def _begin(self, known: str | None, settings: dict[str, str]) -> str:
        place = os.environ.get("MLFLOW_TRACKING_URI")
        if not place:
            place = (self.folder.absolute().parent / "mlruns").as_uri()
            # MLflow wants to be asked for files, and its small package has no database.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._client = self._module.MlflowClient(place)
        if known is not None:
            self._client.update_run(known, status="RUNNING")
            return known
        experiment = self._client.get_experiment_by_name(PROJECT)
        number = experiment.experiment_id if experiment else self._client.create_experiment(PROJECT)
        run = self._client.create_run(number, run_name=self.folder.name)
        for name, value in settings.items():
            self._client.log_param(run.info.run_id, name, value)
        return str(run.info.run_id)

    def _send(self, step: int, numbers: dict[str, float]) -> None:
        for name, value in numbers.items():
            self._client.log_metric(self._id, name, value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._id)


TRACKERS: dict[str, type[Tracker]] = {"wandb": Wandb, "mlflow": Mlflow}
"""Value of `train.report_to` -> tracker."""


def imported(package: str) -> Any:
    """The module of a tracker. Raises `UserError` with the command that installs it."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise UserError(
            f"train.report_to={package} needs the package {package}, which is not installed.",
            f"pip install 't2t-multimodel[{package}]'",
        ) from None


def check(name: str) -> None:
    """Raises `UserError` if the package of a tracker is missing, before anything is made."""
    if name in TRACKERS:
        imported(TRACKERS[name].package)


def begin(name: str, folder: Path, config: Config) -> Tracker | None:
    """The tracker that `train.report_to` names; None for "none"."""
    return TRACKERS[name](folder, config) if name in TRACKERS else None
