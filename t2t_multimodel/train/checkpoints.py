"""Checkpoints: folders that appear whole, each enough to go on from and to evaluate alone."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_multimodel import usr_dir
from t2t_multimodel.config import Config
from t2t_multimodel.data.vocab import SubwordTokenizer
from t2t_multimodel.errors import UserError, unknown

if TYPE_CHECKING:  # so that wrong names are told before TensorFlow is loaded
    from t2t_multimodel.multimodel import MultiModel

_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of a run.

    The folder holds `model.keras` (architecture and weights), `optimizer.npz`, `state.json`
    (step, data positions, config) and `vocab/<name>.model`.
    """

    path: Path

    @property
    def step(self) -> int:
        """Steps done when it was saved."""
        return int(self.state["step"])

    @property
    def state(self) -> dict[str, Any]:
        """The contents of `state.json`."""
        return json.loads((self.path / "state.json").read_text())

    def config(self) -> Config:
        """Of the run that saved it; makes the run's user folders known where they still exist."""
        state = self.state
        for folder in state["usr_dirs"]:
            if Path(folder).exists():
                usr_dir.add(folder)
        return Config.from_dict(state["config"])

    def problems(self, names: Sequence[str]) -> list[str]:
        """The given names, or all that the model was trained on.

        Raises:
            UserError: the model does not know one of them.
        """
        known = list(self.config().rates)
        for name in names:
            if name not in known:
                raise unknown("problem of this checkpoint", name, known)
        return list(names) or known

    def model(self) -> MultiModel:
        """The model, weights included."""
        import keras

        import t2t_multimodel.multimodel  # noqa: F401  registers the class with Keras

        return keras.saving.load_model(self.path / "model.keras")

    def optimizer(self) -> dict[str, np.ndarray]:
        """The optimizer's slots."""
        with np.load(self.path / "optimizer.npz") as slots:
            return dict(slots)

    def tokenizers(self) -> dict[str, SubwordTokenizer]:
        """The vocabularies that the model was trained with."""
        models = sorted((self.path / "vocab").glob("*.model"))
        return {path.stem: SubwordTokenizer(path.stem, path.read_bytes()) for path in models}


def save(
    folder: Path,
    model: MultiModel,
    optimizer: dict[str, np.ndarray],
    tokenizers: dict[str, SubwordTokenizer],
    state: dict[str, Any],
    keep: int,
) -> Checkpoint:
    """Saves a checkpoint under a temporary name, renames it, and removes the oldest ones.

    Args:
        folder: the run's `checkpoints`.
        model: with its weights.
        optimizer: slots by name.
        tokenizers: vocabularies by name.
        state: JSON-able; `state["step"]` names the checkpoint.
        keep: checkpoints that stay.
    """
    path = folder / f"step-{state['step']:08d}"
    temporary = folder / f".{path.name}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / "vocab").mkdir(parents=True)
    model.save(temporary / "model.keras")
    np.savez(temporary / "optimizer.npz", **optimizer)  # type: ignore[arg-type]
    for name, tokenizer in tokenizers.items():
        (temporary / "vocab" / f"{name}.model").write_bytes(tokenizer.model)
    (temporary / "state.json").write_text(json.dumps(state, indent=1))
    for file in temporary.rglob("*"):
        if file.is_file():
            _sync(file)
    if path.exists():
        shutil.rmtree(path)
    os.replace(temporary, path)
    for old in found(folder)[:-keep]:
        shutil.rmtree(old.path)
    return Checkpoint(path)


def found(folder: Path) -> list[Checkpoint]:
    """All checkpoints of a folder, oldest first; leftovers of a killed save do not count."""
    paths = folder.glob("step-*") if folder.is_dir() else []
    return [Checkpoint(path) for path in sorted(paths) if _NAME.fullmatch(path.name)]


def open_checkpoint(path: Path) -> Checkpoint:
    """The newest checkpoint of a run folder, or the checkpoint folder itself.

    Raises:
        UserError: there is none.
    """
    if (path / "state.json").is_file():
        return Checkpoint(path)
    candidates = found(path / "checkpoints")
    if not candidates:
        raise UserError(
            f"There is no checkpoint in {path}.",
            fix="Train one: mm-trainer --output_dir=" + str(path),
        )
    return candidates[-1]


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
