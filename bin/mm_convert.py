"""mm-convert: writes a checkpoint anew, whole or sharded."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli, _model

COMMAND = _cli.Command(
    "mm-convert",
    "Writes a checkpoint in the other format: sharded, as meshes of JAX save, or whole.",
    example="mm-convert --output_dir=runs/large --format=whole",
)
_model.add_flags(COMMAND)
_usr_dir = "Your own problems and nets, if the run was trained on some."
COMMAND.group("Where things are").text("usr_dir", "DIR", _usr_dir, "")
_results = COMMAND.group("Results")
_results.choice("format", ("whole", "sharded"), "Format of the new checkpoint. Default: whole.")
_results.path("to", "DIR", "New checkpoint. Default: FORMAT-STEP beside the old one.")
COMMAND.cache()


def convert(args: flags.FlagValues, _: list[str]) -> None:
    """Finds the checkpoint, then converts it."""
    usr_dir.add(args.usr_dir)
    checkpoint = _model.checkpoint(args)
    quiet.import_backend()
    from t2t_multimodel.checkpoints import conversion

    kind = args.format or "whole"
    to = args.to or checkpoint.path.with_name(f"{kind}-{checkpoint.step:08d}")
    conversion.convert(checkpoint, to, sharded=kind == "sharded")
    print(f"{storage.shown(to)}: {storage.shown(checkpoint.path)}, {kind}")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(convert, argv)


if __name__ == "__main__":
    sys.exit(main())
