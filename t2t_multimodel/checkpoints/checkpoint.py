"""Checkpoints: folders that appear whole, each enough to go on from and to evaluate alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.integrity import ZIP_ERRORS, damage
from t2t_multimodel.checkpoints.model_file import load_model, model_config
from t2t_multimodel.checkpoints.sharded import (
    architecture,
    has_slots,
    is_sharded,
    load_sharded,
    read_slots,
)
from t2t_multimodel.checkpoints.trusted_code import admit, run_of
from t2t_multimodel.config import Config
from t2t_multimodel.data.tokenizer import SubwordTokenizer, read_tokenizer
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.side_files import Damaged, read_json

if TYPE_CHECKING:  # wrong names are told before TensorFlow is loaded
    from t2t_multimodel.multimodel import MultiModel

_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of a run.

    The folder holds `model.keras` (architecture and weights), `optimizer.npz`, `state.json`
    (step, data positions, config), `vocab/<name>.model` and `checksums.json` over all of them.
    A sharded one holds `model.json` and `arrays` in the place of the first two.
    """

    path: Path

    @property
    def run(self) -> Path:
        """The folder of the run that it lies in; one that lies elsewhere stands for itself."""
        return run_of(self.path)

    @property
    def step(self) -> int:
        """Steps done when it was saved."""
        return int(self.state["step"])

    @property
    def state(self) -> dict[str, Any]:
        """The contents of `state.json`."""
        return read_json(self.path / "state.json", ("step",))

    def config(self) -> Config:
        """Reads the config of the run that saved it."""
        file = self.path / "state.json"
        try:
            return Config.from_dict(self.state["config"])
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise Damaged(file, f"its config: {error}", "Take another checkpoint.") from error

    def admit_code(self) -> None:
        """Makes the user's code of its run known as far as this machine has agreed to it.

        Raises:
            UserError: the code of one of its problems was not agreed to.
        """
        if folders := self.state.get("usr_dirs", ()):
            admit(self.run, folders, self.config().rates)

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

    @property
    def sharded(self) -> bool:
        """Whether its arrays lie there in parts, see `checkpoints.sharded`."""
        return is_sharded(self.path)

    def architecture(self) -> dict[str, Any]:
        """What `MultiModel.get_config` gave when it was saved."""
        if self.sharded:
            return architecture(self.path)
        return model_config(self.path / "model.keras")

    def model(self) -> MultiModel:
        """The model, weights included."""
        if self.sharded:
            return load_sharded(self.path)
        model = load_model(self.path / "model.keras")
        if model.ctc and not model.spellings:  # of an earlier version, which did not store them
            for tokenizer in self.tokenizers().values():
                model.spellings[f"text/{tokenizer.identity}"] = tokenizer.spelling()
        return model

    @property
    def has_slots(self) -> bool:
        """Whether training can go on from it; an average and a packed model have weights alone."""
        return has_slots(self.path) if self.sharded else (self.path / "optimizer.npz").is_file()

    def optimizer(self, model: MultiModel | None = None) -> dict[str, Any]:
        """The optimizer's slots, as arrays of NumPy.

        Args:
            model: on JAX the slots of a sharded checkpoint lie where its variables do, as arrays of
                JAX, and no host holds all of them.

        Raises:
            UserError: there are none, since it is an average of several.
        """
        if not self.has_slots:
            raise UserError(
                f"{self.path} is an average, without the slots of an optimizer to go on with.",
                fix=f"Begin a new run with its weights: mm-trainer --warm_start={self.path}",
            )
        if self.sharded:
            return read_slots(self.path, model)
        file = self.path / "optimizer.npz"
        try:
            with np.load(file) as slots:
                return dict(slots)
        except (*ZIP_ERRORS, KeyError) as error:
            raise Damaged(file, str(error), "Take another checkpoint of its run.") from error

    def damage(self) -> str:
        """Says what is wrong with its files; empty if all are as they were written."""
        return damage(self.path)

    def tokenizers(self) -> dict[str, SubwordTokenizer]:
        """The vocabularies that the model was trained with."""
        models = sorted((self.path / "vocab").glob("*.model"))
        return {path.stem: read_tokenizer(path) for path in models}


def found(folder: Path) -> list[Checkpoint]:
    """All checkpoints of a folder, oldest first; leftovers of a killed save do not count."""
    paths = folder.glob("step-*") if folder.is_dir() else []
    return [Checkpoint(path) for path in sorted(paths) if _NAME.fullmatch(path.name)]


def open_checkpoint(path: str | Path) -> Checkpoint:
    """The newest whole checkpoint of a run folder, or the checkpoint folder itself.

    The user's code that it needs is made known, if this machine has agreed to it.

    Raises:
        UserError: there is none, the one named is damaged, or its code was not agreed to.
    """
    path = Path(path)
    if (path / "state.json").is_file():
        if damage := Checkpoint(path).damage():
            raise UserError(f"{path} is damaged: {damage}.", fix="Take another one of its run.")
        return _admitted(Checkpoint(path))
    if (newest := newest_whole(path / "checkpoints")) is None:
        runs = sorted(str(one.parent) for one in path.glob("*/checkpoints"))
        raise UserError(
            f"There is no checkpoint in {path}.",
            fix=f"Name one of its runs: {', '.join(runs)}."
            if runs
            else f"Train one: mm-trainer --output_dir={path}",
        )
    return _admitted(newest)


def _admitted(checkpoint: Checkpoint) -> Checkpoint:
    checkpoint.admit_code()
    return checkpoint


def newest_whole(folder: Path, log: Callable[[str], None] = print) -> Checkpoint | None:
    """The newest checkpoint that is not damaged; says which ones are and what it takes instead.

    Raises:
        UserError: there are checkpoints, but all are damaged.
    """
    candidates = found(folder)
    for checkpoint in reversed(candidates):
        damage = checkpoint.damage()
        if not damage:
            return checkpoint
        where = storage.shown(checkpoint.path)
        log(f"{where} is damaged: {damage}. The checkpoint before it is taken.")
    if candidates:
        raise UserError(
            f"Every checkpoint in {folder} is damaged.",
            fix="Copy the run again from where it came, or train anew in another --output_dir.",
        )
    return None
