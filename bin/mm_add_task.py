"""mm-add-task: teaches a trained model new problems."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from t2t_multimodel import quiet, registry, usr_dir
from t2t_multimodel.bin import _cli, _model
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-add-task",
    "Adds problems to a trained model, trains it on them, and tells what the old ones lost.",
    example="mm-add-task --from=runs/octet_quick --problems=octet_fren --body=slow",
)
_what = COMMAND.group("What to add to what")
_what.path("from", "RUN", "Folder of a run (its newest checkpoint), or one checkpoint.")
_rates = "New problems and their rates; old ones named here are rehearsed."
_what.names("problems", _rates, alias="problem", metavar="NAME[:RATE],...")
_how = COMMAND.group("How")
_body = "What the old run learned stays as it is, learns a tenth as fast, or like all else."
_how.choice("body", ["frozen", "slow", "free"], f"{_body} Without it frozen.")
_how.number("train_steps", "How long to train. Without it as long as the old run.", lowest=1)
_how.text("hparams", "K=V,...", "Settings other than the old run's: train.seed=1.", "")
COMMAND.places()
COMMAND.group("Results").path("output_dir", "DIR", "New run. Default: ./runs/RUN-PROBLEM.")
COMMAND.cache()


def add(args: flags.FlagValues, _: list[str]) -> None:
    """Checks the run and the names, then adds."""
    usr_dir.add(args.usr_dir)
    source = _model.old_run(args, COMMAND.example)

    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
    from t2t_multimodel.config import ProblemRate
    from t2t_multimodel.config.notation import read_entry

    checkpoint = open_checkpoint(source)
    old = checkpoint.problems([])
    asked = [read_entry(entry, ProblemRate, "--problems") for entry in args.problems]
    named = [one.name for one in asked]
    registry.problems.check(named)
    new = [name for name in named if name not in old]
    if not new:
        raise UserError(
            f"{source} knows {', '.join(named)} already.",
            f"To train on them: mm-trainer --warm_start={source} --problems={','.join(named)}",
        )
    quiet.import_tensorflow()
    from t2t_multimodel.tasks import add as add_task

    request = add_task.AddRequest(
        problems=asked,
        body=args.body or "frozen",
        hparams=args.hparams,
        train_steps=args.train_steps,
    )
    output_dir = args.output_dir or Path("runs", "-".join([source.resolve().name, *new]))
    raw_dir = _model.raw_dir(args, checkpoint.run)
    add_task.add_task(source, checkpoint, request, args.data_dir, raw_dir, output_dir)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(add, argv)


if __name__ == "__main__":
    sys.exit(main())
