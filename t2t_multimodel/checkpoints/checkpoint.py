"""Checkpoints: folders that appear whole, each enough to go on from and to evaluate alone."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.model_file import load_model
from t2t_multimodel.checkpoints.trusted_code import admit, run_of
from t2t_multimodel.config import Config
from t2t_multimodel.data.tokenizer import SubwordTokenizer, read_tokenizer
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.side_files import Damaged, read_json

if TYPE_CHECKING:  # wrong names are told before TensorFlow is loaded
    from t2t_multimodel.multimodel import MultiModel

CHECKSUMS = "checksums.json"
_NEEDED = ("model.keras", "state.json")
_ZIP_ERRORS = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of a run.

    The folder holds `model.keras` (architecture and weights), `optimizer.npz`, `state.json`
    (step, data positions, config), `vocab/<name>.model` and `checksums.json` over all of them.
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

    def model(self) -> MultiModel:
        """The model, weights included."""
        model = load_model(self.path / "model.keras")
        if model.ctc and not model.spellings:  # of an earlier version, which did not store them
            for tokenizer in self.tokenizers().values():
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
        try:
            with np.load(file) as slots:
                return dict(slots)
        except (*_ZIP_ERRORS, KeyError) as error:
            raise Damaged(file, str(error), "Take another checkpoint of its run.") from error

    def damage(self) -> str:
        """Says what is wrong with its files; empty if all are as they were written.

        Without `checksums.json` (of an earlier version, or lost) the checksums inside of the files
        must be right.
        """
        storage.need(self.path)
        try:
            sums = read_json(self.path / CHECKSUMS)
        except FileNotFoundError:
            return self._unsealed_damage()
        except Damaged as error:
            return f"{CHECKSUMS} cannot be read ({error.how})"
        for name, expected in {**dict.fromkeys(_NEEDED, ""), **sums}.items():
            try:
                if checksum(self.path / name) != expected:
                    return f"{name} is not what was written"
            except FileNotFoundError:
                return f"{name} is missing"
            except (OSError, ValueError) as error:
                return f"{name} cannot be read ({error})"
        return ""

    def _unsealed_damage(self) -> str:
        try:
            read_json(self.path / "state.json", ("step",))
        except FileNotFoundError:
            return "state.json is missing"
        except Damaged as error:
            return f"state.json cannot be read ({error.how})"
        for name in ("model.keras", "optimizer.npz"):
            if name in _NEEDED or (self.path / name).exists():
                try:
                    with zipfile.ZipFile(self.path / name) as archive:
                        if (part := archive.testzip()) is not None:
                            return f"{name} is not what was written ({part})"
                except FileNotFoundError:
                    return f"{name} is missing"
                except _ZIP_ERRORS as error:
                    return f"{name} cannot be read ({error})"
        return ""

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


def checksum(file: Path) -> str:
    """CRC-32C of a file's content, as in TFRecord files."""
    digest = google_crc32c.Checksum()
    with open(file, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest().decode()
