"""mm-decode: the output of a trained model for lines, files or a split."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from t2t_multimodel import quiet, usr_dir
from t2t_multimodel.bin import _cli, _model
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode import way
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-decode",
    "Writes what a trained model makes of each input: one line for one line, in order.",
    example="mm-decode --output_dir=runs/octet_quick --problem=octet_ende --input_file=text.en",
)
_model.add_flags(COMMAND)
_what = COMMAND.group("What to decode")
_what.text("problem", "NAME", "Problem of the model; may be left out if it has only one.", "")
_what.path("input_file", "FILE", "Lines of text, or paths of images or sounds; - for stdin.")
_what.text("split", "SPLIT", "Decode this split of the problem instead.", "")
_how = COMMAND.group("How (greedy unless said otherwise)")
_how.number("beam_size", "Beam search that follows this many outputs.", lowest=1)
_how.real("alpha", "Length penalty of beam search, 0 for none. Without it .6.", lowest=0)
_how.real("ctc_weight", "Speech: say of CTC, 0 to 1. Without it the model's own.", lowest=0)
_how.real("temperature", "Sampling, surer below 1 and more varied above.", lowest=0)
_how.number("top_k", "Sampling from the k most probable tokens.", lowest=1)
_how.real("top_p", "Sampling from the fewest tokens with this probability.", lowest=0)
_how.number("seed", "Of sampling. Without it 0.", lowest=0)
_how.number("max_length", "Longest output in tokens. Without it the problem's.", lowest=1)
_how.number("batch_size", "Most inputs decoded at once. Without it 64.", lowest=1)
_how.switch("jit", "Compile with XLA: slower to start, faster for many lines.")
_out = COMMAND.group("What is written")
_out.path("output_file", "FILE", "Write there, once all is done. Without it to stdout.")
_out.number("nbest", "Outputs for each input, between tabs. Without it 1.", lowest=1)
_out.switch("scores", "Before each output its log-probability and a tab.")
_out.switch("raw", "The model's own tokens: trees without their words.")
_out.switch("json_lines", "A JSON object for each input, with outputs, scores and errors.")
COMMAND.places()
COMMAND.cache()


def _given(args: flags.FlagValues) -> dict[str, Any]:
    """The options of decoding that were given as flags."""
    given = {name: args[name].value for name in (*way.OPTIONS, "scores")}
    return {
        name: value for name, value in given.items() if value is not None and value is not False
    }


def settings(args: flags.FlagValues) -> DecodeConfig:
    """The way of decoding that the flags imply.

    Raises:
        UserError: they imply two.
    """
    given = _given(args)
    given.pop("scores", None)
    return way.way_of(given, mark="--")


def decode(args: flags.FlagValues, _: list[str]) -> None:
    """Checks what was asked for, then decodes."""
    usr_dir.add(args.usr_dir)
    config = settings(args)
    if args.split and args.input_file:
        raise UserError("Give either --input_file or --split.")
    if args.raw_dir and not args.split:
        raise UserError("--raw_dir is for the raw files of a split: give --split too.")
    file = None if args.input_file in (None, Path("-")) else args.input_file
    if file is not None and not file.exists():
        raise UserError(f"{file} does not exist.")
    if file is not None and file.is_dir():
        raise UserError(f"{file} is a folder.", f"For its files: ls -d {file}/* | mm-decode ...")

    from t2t_multimodel.registry import problems

    checkpoint = _model.checkpoint(args)
    names = checkpoint.problems([args.problem] if args.problem else [])
    if len(names) > 1:
        raise UserError("The model knows several problems.", f"Give --problem: {', '.join(names)}.")
    output = problems.get(names[0])().signature(checkpoint.tokenizers()).targets.output
    way.check_fits(_given(args), output, names[0], mark="--")
    quiet.import_tensorflow()
    from t2t_multimodel.decode import runner as decoding

    decoding.decode(
        checkpoint,
        decoding.DecodeRequest(
            problem=names[0],
            config=config,
            input_file=file,
            split=args.split or None,
            output_file=args.output_file,
            scores=args.scores,
            raw=args.raw,
            json_lines=args.json_lines,
            batch_size=args.batch_size or decoding.DecodeRequest.batch_size,
            data_dir=args.data_dir,
            raw_dir=_model.raw_dir(args, checkpoint.run),
        ),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(decode, argv)


if __name__ == "__main__":
    sys.exit(main())
