"""Conversion of checkpoints between the whole format and the sharded one; nothing is lost."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel import storage, usr_dir
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.saving import Snapshot, begin_shards, write_at
from t2t_multimodel.checkpoints.sharded import ShardWriter
from t2t_multimodel.checkpoints.trusted_code import remember, run_of
from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.errors import UserError


def convert(checkpoint: Checkpoint, folder: Path, *, sharded: bool) -> Checkpoint:
    """Writes a checkpoint anew in the other format, slots of the optimizer included.

    Args:
        checkpoint: whole on the disk; weights and slots must fit into the memory of this host.
        folder: where to; appears whole.
        sharded: the format that it gets.

    Raises:
        UserError: the folder exists, or the checkpoint has this format already.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already.", fix="Give another --to.")
    if checkpoint.sharded == sharded:
        raise UserError(
            f"{checkpoint.path} is {format_name(sharded)} already.",
            fix=f"--format={format_name(not sharded)} writes the other format.",
        )
    model = checkpoint.model()
    slots = checkpoint.optimizer() if checkpoint.has_slots else {}
    values = [value_of(variable) for variable in model.variables]
    snapshot = Snapshot(model, values, slots, checkpoint.tokenizers(), checkpoint.state)
    shards = ShardWriter(folder.parent) if sharded else None
    if shards:
        snapshot = begin_shards(shards, folder, snapshot)
    written = write_at(folder, snapshot, shards)
    storage.publish(folder)
    remember(run_of(folder), usr_dir.added())
    return written


def format_name(sharded: bool) -> str:
    """The word for a format, as `mm-convert --format` takes it."""
    return "sharded" if sharded else "whole"
