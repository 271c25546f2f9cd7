"""Saving checkpoints beside the training: a copy of the state, written by a thread of its own."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.checkpoint import CHECKSUMS, Checkpoint, checksum, found
from t2t_multimodel.data.files import writing
from t2t_multimodel.data.tokenizer import SubwordTokenizer


@dataclass(frozen=True)
class Snapshot:
    """A moment of a run, in arrays that training does not change."""

    model: keras.Model
    values: list[np.ndarray]
    """`values` are those of `model.variables`, in their order."""
    optimizer: dict[str, np.ndarray]
    tokenizers: dict[str, SubwordTokenizer]
    state: dict[str, Any]
    """JSON-able; `state["step"]` names the checkpoint."""
    best: dict[str, int] = field(default_factory=dict)
    """Problem, or "joint" -> step of its best checkpoint, which stays."""


class Saver:
    """Writes one checkpoint after the other, in the background.

    A checkpoint appears under its name only when it is complete, so a kill at any moment leaves
    those before it whole.

    Args:
        folder: the run's `checkpoints`.
        keep: newest checkpoints that stay, beside the best ones.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder, self._keep = folder, keep
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save")
        self._pending: Future[None] | None = None
        for left_by_a_kill in folder.glob(".step-*.tmp"):
            shutil.rmtree(left_by_a_kill)

    def save(self, snapshot: Snapshot) -> None:
        """Begins to write; waits for the write before, and raises what went wrong in it."""
        self.wait()
        self._pending = self._thread.submit(self._write, snapshot)

    def wait(self) -> None:
        """Returns when everything is on disk.

        Raises:
            UserError: it could not be written.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            with writing(self._folder):
                pending.result()

    def close(self) -> None:
        """Does the same as `wait`."""
        self.wait()

    def _write(self, snapshot: Snapshot) -> None:
        write(self._folder, snapshot)
        for name, step in snapshot.best.items():
            _link(self._folder / f"best-{name}", f"step-{step:08d}")
        storage.publish(self._folder.parent)  # the run's logs too: they must reach to this step
        for link in self._folder.glob("best-*"):
            if link.name.removeprefix("best-") not in snapshot.best:
                link.unlink()  # it belongs to another score, see `Best.restore`
                storage.remove(link)
        best, newest = set(snapshot.best.values()), int(snapshot.state["step"])
        steps = {int(one.path.name.removeprefix("step-")): one.path for one in found(self._folder)}
        # Later ones are damaged: the run went on from one before them, and will write them again.
        written = [step for step in steps if step <= newest]
        for step in set(written[: -self._keep]) - best:
            storage.remove(steps[step])
            shutil.rmtree(steps[step])


def write(folder: Path, snapshot: Snapshot) -> Checkpoint:
    """Writes a checkpoint under a temporary name, with checksums, and renames it."""
    path = folder / f"step-{snapshot.state['step']:08d}"
    temporary = folder / f".{path.name}.{os.getpid()}.tmp"
    aside = folder / f".{path.name}.{os.getpid()}.old.tmp"
    try:
        (temporary / "vocab").mkdir(parents=True)
        write_model(snapshot.model, snapshot.values, temporary / "model.keras")
        np.savez(temporary / "optimizer.npz", **snapshot.optimizer)  # type: ignore[arg-type]
        for name, tokenizer in snapshot.tokenizers.items():
            (temporary / "vocab" / f"{name}.model").write_bytes(tokenizer.model)
        (temporary / "state.json").write_text(json.dumps(snapshot.state, indent=1))
        seal(temporary)
        if path.exists():
            os.replace(path, aside)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    return Checkpoint(path)


def write_model(model: keras.Model, values: list[np.ndarray], file: Path) -> None:
    """Saves a model as if its variables had the given values; touches no variable."""
    pairs = list(zip(model.variables, values, strict=True))
    with keras.StatelessScope(state_mapping=pairs):
        model.save(file)


def seal(folder: Path) -> None:
    """Writes the checksum of every file below a folder, and has all of them on the disk."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    sums = {file.relative_to(folder).as_posix(): checksum(file) for file in files}
    (folder / CHECKSUMS).write_text(json.dumps(sums, indent=1))
    for file in [*files, folder / CHECKSUMS]:
        with open(file, "rb") as stream:
            os.fsync(stream.fileno())


def _link(link: Path, target: str) -> None:
    """A relative link, replaced in one go, so that it is right wherever the run is moved."""
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
