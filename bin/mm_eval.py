"""mm-eval: scores a trained model."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import quiet, usr_dir
from t2t_multimodel.bin import _cli, _model

COMMAND = _cli.Command(
    "mm-eval",
    "Scores a trained model on each of its problems, with its own output and with the true one.",
    example="mm-eval --output_dir=runs/octet_quick --split=test",
)
_model.add_flags(COMMAND)
_what = COMMAND.group("What to score")
_what.names("problems", "Problems to score. Default: all of the run.", alias="problem")
_what.text("split", "SPLIT", "Part of the data. Default: the one of the final table.", "")
_what.switch("shuffle_sources", "Exchange the inputs among examples: what no source can explain.")
_what.text(
    "hparams", "K=V,...", "Settings other than the run's: evaluate.decode_examples=2000.", ""
)
COMMAND.places()
_results = COMMAND.group("Results")
_results.path("json", "FILE", "Write the scores there too.")
_results.path("compare", "RUN|FILE", "Say how surely it differs from this run or --json file.")
COMMAND.cache()


def evaluate(args: flags.FlagValues, _: list[str]) -> None:
    """Checks the place of the model and the names, then scores."""
    usr_dir.add(args.usr_dir)
    checkpoint = _model.checkpoint(args)
    checkpoint.problems(args.problems)
    quiet.import_tensorflow()
    from t2t_multimodel.evaluate import main as evaluation

    request = evaluation.EvalRequest(
        problems=args.problems,
        split=args.split or None,
        shuffle_sources=args.shuffle_sources,
        data_dir=args.data_dir,
        raw_dir=_model.raw_dir(args, checkpoint.run),
        json_file=args.json,
        compare_with=args.compare,
        hparams=args.hparams,
    )
    evaluation.evaluate_checkpoint(checkpoint, request)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())
