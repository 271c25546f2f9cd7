"""Saving checkpoints beside the training: a copy of the state, written by a thread of its own."""

from __future__ import annotations

import dataclasses
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
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, found
from t2t_multimodel.checkpoints.integrity import CHECKSUMS, checksum
from t2t_multimodel.checkpoints.sharded import ShardWriter, write_architecture
from t2t_multimodel.data.files import writing
from t2t_multimodel.data.tokenizer import SubwordTokenizer


@dataclass(frozen=True)
class Snapshot:
    """A moment of a run, in arrays that training does not change before they are copied."""

    model: keras.Model
    values: list[Any]
    """`values` are those of `model.variables`, in their order."""
    optimizer: dict[str, Any]
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
        shards: writes the arrays in parts; None: they are written whole.
        chief: whether this process writes; the others take part in the parts alone.
    """

    def __init__(
        self, folder: Path, keep: int, shards: ShardWriter | None = None, chief: bool = True
    ) -> None:
        self._folder, self._keep, self._shards, self._chief = folder, keep, shards, chief
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save")
        self._pending: Future[None] | None = None
        for left_by_a_kill in folder.glob(".step-*.tmp") if chief else ():
            shutil.rmtree(left_by_a_kill)

    def save(self, snapshot: Snapshot) -> None:
        """Begins to write; waits for the write before, and raises what went wrong in it."""
        self.wait()
        if self._shards:
            path = self._folder / _name(snapshot)
            snapshot = begin_shards(self._shards, path, snapshot, self._chief)
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
        if not self._chief:
            assert self._shards
            return self._shards.finish(_unfinished(self._folder / _name(snapshot), self._shards))
        write(self._folder, snapshot, self._shards)
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


def begin_shards(
    shards: ShardWriter, path: Path, snapshot: Snapshot, chief: bool = True
) -> Snapshot:
    """Begins to write the arrays of a sharded checkpoint, which `write_at` sees through.

    Args:
        shards: writes them.
        path: of the checkpoint.
        snapshot: of this moment.
        chief: whether this process makes the folder; all of a run take part.

    Returns:
        The snapshot without arrays: what training goes on with is not kept from being freed.
    """
    temporary = _unfinished(path, shards)
    weights = {v.path: x for v, x in zip(snapshot.model.variables, snapshot.values, strict=True)}
    if chief:
        with writing(path.parent):
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
    shards.begin(temporary, weights, snapshot.optimizer)
    return dataclasses.replace(snapshot, values=[], optimizer=dict.fromkeys(snapshot.optimizer))


def write(folder: Path, snapshot: Snapshot, shards: ShardWriter | None = None) -> Checkpoint:
    """As `write_at`, under the name of its step in the folder of the checkpoints."""
    return write_at(folder / _name(snapshot), snapshot, shards)


def write_at(path: Path, snapshot: Snapshot, shards: ShardWriter | None = None) -> Checkpoint:
    """Writes a checkpoint under a temporary name, with checksums, and renames it.

    Args:
        path: that it gets.
        snapshot: what is written; without slots it is an average.
        shards: has begun to write its arrays, see `begin_shards`; None: they are written whole.
    """
    temporary = _unfinished(path, shards)
    aside = path.parent / f".{path.name}.{os.getpid()}.old.tmp"
    try:
        (temporary / "vocab").mkdir(parents=True)
        if shards:
            shards.finish(temporary)
            write_architecture(snapshot.model, snapshot.optimizer, temporary)
        else:
            write_model(snapshot.model, snapshot.values, temporary / "model.keras")
            if snapshot.optimizer:
                np.savez(temporary / "optimizer.npz", **snapshot.optimizer)
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


def _name(snapshot: Snapshot) -> str:
    return f"step-{snapshot.state['step']:08d}"


def _unfinished(path: Path, shards: ShardWriter | None) -> Path:
    """The folder that becomes the checkpoint; of shards all processes know its name."""
    return path.with_name(f".{path.name}.{'shards' if shards else os.getpid()}.tmp")


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
