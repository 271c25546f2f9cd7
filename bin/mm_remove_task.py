"""mm-remove-task: takes problems out of a trained model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli, _model

COMMAND = _cli.Command(
    "mm-remove-task",
    "Writes a run without some of its problems, and without the weights that only they use.",
    example="mm-remove-task --from=runs/octet_quick --problems=octet_caption",
)
_what = COMMAND.group("What to remove from what")
_what.path("from", "RUN", "Folder of a run (its newest checkpoint), or one checkpoint.")
_what.names("problems", "Problems to leave out.", alias="problem")
_usr_dir = "Your own problems and nets, if the run was trained on some."
COMMAND.group("Where things are").text("usr_dir", "DIR", _usr_dir, "")
COMMAND.group("Results").path("output_dir", "DIR", "New run. Default: ./runs/RUN-without-PROBLEM.")
COMMAND.cache()


def remove(args: flags.FlagValues, _: list[str]) -> None:
    """Checks the run and the names, then writes the new run."""
    usr_dir.add(args.usr_dir)
    source = _model.old_run(args, COMMAND.example)

    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(source)
    checkpoint.problems(args.problems)
    quiet.import_tensorflow()
    from t2t_multimodel.tasks import remove as remove_task

    name = "-".join([source.resolve().name, "without", *args.problems])
    output_dir = args.output_dir or Path("runs", name)
    remove_task.remove_task(source, checkpoint, args.problems, output_dir)
    print(f"mm-eval --output_dir={storage.shown(output_dir)} scores it.")
    print(f"mm-trainer --output_dir={storage.shown(output_dir)} --train_steps=N trains it on.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(remove, argv)


if __name__ == "__main__":
    sys.exit(main())
