"""Checkpoint averaging: the mean of weights from several moments of one run.

As Tensor2Tensor's avg_checkpoints does: often worth some tenths of BLEU, for free.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from t2t_multimodel import storage, usr_dir
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, found
from t2t_multimodel.checkpoints.saving import seal, write_model
from t2t_multimodel.checkpoints.trusted_code import remember, run_of
from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.terminal import plural


def last_checkpoints(run: Path, count: int) -> list[Checkpoint]:
    """The newest `count` checkpoints of a run folder.

    Raises:
        UserError: there are not so many.
    """
    have = found(run / "checkpoints")
    if len(have) < count:
        raise UserError(
            f"{run} has {plural(len(have), 'checkpoint')}, not {count}.",
            fix="Give a smaller --last, or train with a larger train.keep_checkpoints.",
        )
    return have[-count:]


def average(parts: Sequence[Checkpoint], folder: Path) -> Checkpoint:
    """Writes a checkpoint with the mean weights, for evaluation; optimizer slots are left out.

    Args:
        parts: of one model; the last one gives vocabularies and state.
        folder: where to; appears whole.

    Raises:
        UserError: a part is damaged, the models differ, or the folder exists.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already.", fix="Give another --to.")
    for part in parts:
        if damage := part.damage():
            raise UserError(f"{part.path} is damaged: {damage}.", fix="Leave it out.")
    parts[-1].admit_code()
    model = parts[-1].model()
    total = [np.zeros(variable.shape, np.float64) for variable in model.variables]
    for part in parts:
        other = part.model()
        if _shapes(other) != _shapes(model):
            raise UserError(
                f"{part.path} holds another model than {parts[-1].path}.",
                fix="Only checkpoints of one run have a mean.",
            )
        for sum_, variable in zip(total, other.variables, strict=True):
            sum_ += value_of(variable)
    means = [
        (sum_ / len(parts)).astype(variable.dtype)
        for sum_, variable in zip(total, model.variables, strict=True)
    ]
    return _write(parts, model, means, folder)


def _shapes(model: MultiModel) -> dict[str, tuple[int, ...]]:
    return {variable.path: tuple(variable.shape) for variable in model.variables}


def _write(
    parts: Sequence[Checkpoint], model: MultiModel, means: list[np.ndarray], folder: Path
) -> Checkpoint:
    newest = parts[-1]
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(newest.path / "vocab", temporary / "vocab")
    write_model(model, means, temporary / "model.keras")
    state = {**newest.state, "averaged": [part.path.name for part in parts]}
    (temporary / "state.json").write_text(json.dumps(state, indent=1))
    seal(temporary)
    os.replace(temporary, folder)
    storage.publish(folder)
    remember(run_of(folder), usr_dir.added())
    return Checkpoint(folder)
