"""mm-average: averages checkpoints of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-average",
    "Writes a checkpoint with the mean weights of several, which mm-eval --checkpoint scores.",
    arguments="[CHECKPOINT...]",
    example="mm-average --output_dir=runs/octet_quick --last=3",
)
_which = COMMAND.group("Which checkpoints (a run's newest, or those named as arguments)")
_which.path("output_dir", "RUN", "Folder of a run.")
_which.number("last", "How many of the run's newest checkpoints. Default: 3.", lowest=1)
_usr_dir = "Your own problems and nets, if the run was trained on some."
COMMAND.group("Where things are").text("usr_dir", "DIR", _usr_dir, "")
COMMAND.group("Results").path(
    "to", "DIR", "New checkpoint. Default: averaged-STEP beside the newest one."
)
COMMAND.cache()


def average(args: flags.FlagValues, arguments: list[str]) -> None:
    """Checks which checkpoints are meant, then averages."""
    usr_dir.add(args.usr_dir)
    fix = "e.g. mm-average --output_dir=runs/octet_quick --last=3"
    if bool(args.output_dir) == bool(arguments):
        raise UserError("Give either --output_dir or checkpoints.", fix)
    paths = [storage.fetch(storage.place(argument)) for argument in arguments]
    for path in [args.output_dir] if args.output_dir else paths:
        if not path.is_dir():
            raise UserError(f"{path} does not exist.", fix)
    if args.last and arguments:
        raise UserError("--last counts checkpoints of --output_dir.", fix)
    quiet.import_tensorflow()
    from t2t_multimodel.checkpoints import averaging
    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    if arguments:
        parts = [open_checkpoint(path) for path in paths]
    else:
        parts = averaging.last_checkpoints(args.output_dir, args.last or 3)
    newest = parts[-1]
    to = args.to or newest.path.with_name(f"averaged-{newest.step:08d}")
    averaging.average(parts, to)
    of = ", ".join(storage.shown(part.path) for part in parts)
    print(f"{storage.shown(to)}: the mean of {of}")
    print(f"mm-eval --checkpoint={storage.shown(to)} scores it.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(average, argv)


if __name__ == "__main__":
    sys.exit(main())
