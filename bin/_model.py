"""The flags that name a trained model, shared by the commands that use one."""

from __future__ import annotations

from pathlib import Path

from absl import flags

from t2t_multimodel.bin._cli import Command
from t2t_multimodel.errors import UserError


def add_flags(command: Command) -> None:
    """Adds --output_dir and --checkpoint."""
    which = command.group("Which model (one of the two)")
    which.path("output_dir", "RUN", "Folder of a run: its newest checkpoint.")
    which.path("checkpoint", "DIR", "One checkpoint.")


def folder(args: flags.FlagValues) -> Path:
    """The folder that was named.

    Raises:
        UserError: none or both are named, or it is not there.
    """
    fix = "mm-trainer writes runs into ./runs/SET."
    if bool(args.output_dir) == bool(args.checkpoint):
        raise UserError("Give either --output_dir or --checkpoint.", fix)
    chosen = args.output_dir or args.checkpoint
    if not chosen.is_dir():
        raise UserError(f"{chosen} does not exist.", fix)
    return chosen
