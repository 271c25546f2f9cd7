"""Checkpoints: folders that appear whole, each enough to go on from and to evaluate alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np

from t2t_multimodel import usr_dir
from t2t_multimodel.config import Config
from t2t_multimodel.data.vocab import SubwordTokenizer
from t2t_multimodel.errors import UserError, unknown

if TYPE_CHECKING:  # so that wrong names are told before TensorFlow is loaded
    from t2t_multimodel.multimodel import MultiModel

CHECKSUMS = "checksums.json"
_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of a run.

    The folder holds `model.keras` (architecture and weights), `optimizer.npz`, `state.json`
    (step, data positions, config), `vocab/<name>.model` and `checksums.json` over all of them.
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
        """The model, weights included, told how its vocabularies are spelt if it has CTC."""
        import keras

        import t2t_multimodel.multimodel  # noqa: F401  registers the class with Keras

        model = keras.saving.load_model(self.path / "model.keras")
        for tokenizer in self.tokenizers().values() if model.ctc else ():
            model.spellings[f"text/{tokenizer.identity}"] = tokenizer.spelling()
        return model

    def optimizer(self) -> dict[str, np.ndarray]:
        """The optimizer's slots.

        Raises:
            UserError: there are none, since it is an average of several.
        """
        file = self.path / "optimizer.npz"
        if not file.is_file():
            raise UserError(
                f"{self.path} is an average, without the slots of an optimizer to go on with.",
                fix=f"Begin a new run with its weights: mm-trainer --warm_start={self.path}",
            )
        with np.load(file) as slots:
            return dict(slots)

    def damage(self) -> str:
        """What is wrong with its files, in words; empty if all are as they were written.

        A checkpoint without `checksums.json` is of an earlier version and taken as it is.
        """
        if not (self.path / CHECKSUMS).exists():
            return ""
        try:
            sums = json.loads((self.path / CHECKSUMS).read_text())
            for name, expected in sums.items():
                if checksum(self.path / name) != expected:
                    return f"{name} is not what was written"
        except FileNotFoundError as error:
            return f"{Path(error.filename).relative_to(self.path)} is missing"
        except (OSError, ValueError, AttributeError) as error:
            return f"{CHECKSUMS} cannot be read ({error})"
        return ""

    def tokenizers(self) -> dict[str, SubwordTokenizer]:
        """The vocabularies that the model was trained with."""
        models = sorted((self.path / "vocab").glob("*.model"))
        return {path.stem: SubwordTokenizer(path.stem, path.read_bytes()) for path in models}


def found(folder: Path) -> list[Checkpoint]:
    """All checkpoints of a folder, oldest first; leftovers of a killed save do not count."""
    paths = folder.glob("step-*") if folder.is_dir() else []
    return [Checkpoint(path) for path in sorted(paths) if _NAME.fullmatch(path.name)]


def open_checkpoint(path: Path) -> Checkpoint:
    """The newest whole checkpoint of a run folder, or the checkpoint folder itself.

    Raises:
        UserError: there is none, or the one named is damaged.
    """
    if (path / "state.json").is_file():
        if damage := Checkpoint(path).damage():
            raise UserError(f"{path} is damaged: {damage}.", fix="Take another one of its run.")
        return Checkpoint(path)
    if (newest := newest_whole(path / "checkpoints")) is None:
        raise UserError(
            f"There is no checkpoint in {path}.",
            fix="Train one: mm-trainer --output_dir=" + str(path),
        )
    return newest


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
        log(f"{checkpoint.path} is damaged: {damage}. The checkpoint before it is taken.")
    if candidates:
        raise UserError(
            f"Every checkpoint in {folder} is damaged.",
            fix="Copy the run again from where it came, or train anew in another --output_dir.",
        )
    return None


def checksum(file: Path) -> str:
    """CRC-32C of a file's content, as in TFRecord files."""
    digest = google_crc32c.Checksum()
    with open(file, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest().decode()
