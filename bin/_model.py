"""The flags that name a trained model, shared by the commands that use one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from t2t_multimodel.bin._cli import Command
from t2t_multimodel.errors import UserError
from t2t_multimodel.shipped import folder_of

if TYPE_CHECKING:  # flags are read before anything large is imported
    from t2t_multimodel.checkpoints.checkpoint import Checkpoint

_WRITTEN = "mm-trainer writes runs into ./runs/SET."


def add_flags(command: Command) -> None:
    """Adds --output_dir and --checkpoint."""
    which = command.group("Which model (one of the two)")
    which.path("output_dir", "RUN", "Folder of a run: its newest checkpoint. `octet` ships.")
    which.path("checkpoint", "DIR", "One checkpoint.")


def folder(args: flags.FlagValues) -> Path:
    """The folder that was named.

    Raises:
        UserError: none or both are named, or it is not there.
    """
    if bool(args.output_dir) == bool(args.checkpoint):
        raise UserError("Give either --output_dir or --checkpoint.", _WRITTEN)
    return folder_of(args.output_dir or args.checkpoint)


def checkpoint(args: flags.FlagValues) -> Checkpoint:
    """Opens the checkpoint that was named, or the newest whole one of the run.

    Raises:
        UserError: as of `folder`, or nothing there can be opened.
    """
    found = folder(args)  # a wrong name is told before the import
    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    return open_checkpoint(found)


def raw_dir(args: flags.FlagValues, run: Path) -> Any:
    """What --raw_dir says; without it the folders of the run, if it was made on this machine."""
    from t2t_multimodel.checkpoints.trusted_code import remembered_raw_dir

    return args.raw_dir or remembered_raw_dir(run)


def old_run(args: flags.FlagValues, example: str) -> Path:
    """The run of --from, for commands that change its --problems.

    Raises:
        UserError: one of the two flags lacks, or the run is not there.
    """
    source = args["from"].value  # a word of Python
    if source is None or not args.problems:
        raise UserError("--from and --problems are needed.", f"e.g. {example}")
    return folder_of(source)
