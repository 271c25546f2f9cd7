"""Trains models, as `mm-trainer` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2t_multimodel import quiet, storage
from t2t_multimodel.api.loading import load
from t2t_multimodel.api.places import Place, RawDirLike, raw_dirs
from t2t_multimodel.checkpoints.trusted_code import remembered_raw_dir
from t2t_multimodel.errors import UserError
from t2t_multimodel.overrides import Overrides
from t2t_multimodel.train.settings import asked_settings

if TYPE_CHECKING:
    from t2t_multimodel.api.model import Model
    from t2t_multimodel.evaluate.table import Row


@dataclass(frozen=True)
class Run:
    """A run that was trained."""

    output_dir: Path
    """The folder of the run, which every command takes too."""
    results: dict[str, Row]
    """Problem -> its scores on the final split, their intervals and baselines. Empty if a signal
    stopped the run; the same call goes on with it."""

    def load(self) -> Model:
        """The trained model."""
        model = load(self.output_dir)
        return model  # type: ignore[return-value]  # a run is no export


def train(
    problems: Sequence[str] | Mapping[str, float] = (),
    hparams_set: str | None = None,
    hparams: Mapping[str, Any] | None = None,
    *,
    output_dir: Place | None = None,
    data_dir: Place = "data",
    raw_dir: RawDirLike = None,
) -> Run:
    """Trains one model on several problems; goes on where an earlier run in the folder stopped.

    Args:
        problems: names, each with its rate if it has one ("octet_ende:2"), or name -> rate; none:
            those of the set.
        hparams_set: name of a set; None: the run's own if it goes on, else octet_quick.
        hparams: path -> value of single settings: {"train.steps": 500}.
        output_dir: folder of the run; None: runs/SET.
        data_dir: folder of the records; what is missing is made.
        raw_dir: where the raw files are: a folder, or problem -> folder; None: where the run had
            them.

    Returns:
        the run, with its results and `load()`.

    Raises:
        UserError: a name is unknown, a setting is wrong, or raw files are missing.
    """
    if not isinstance(hparams or {}, Mapping):
        raise UserError(
            f"hparams must be a dict, but is {hparams!r:.60}.",
            "Write hparams={'train.steps': 500}, a value for each path.",
        )
    if isinstance(problems, Mapping):
        problems = [f"{name}:{rate}" for name, rate in problems.items()]
    changes = Overrides(
        problems=problems.split(",") if isinstance(problems, str) else list(problems),
        settings=hparams or {},
    )
    folder = None if output_dir is None else storage.fetch(storage.place(output_dir))
    resolved, folder = asked_settings(hparams_set, folder, changes)
    raw = raw_dirs(raw_dir) or remembered_raw_dir(folder)
    quiet.import_backend()
    from t2t_multimodel.train import main  # late: a wrong name is told before TensorFlow

    rows = main.train(resolved, storage.place(data_dir), raw, folder)
    return Run(folder, {row.result.problem: row for row in rows})
