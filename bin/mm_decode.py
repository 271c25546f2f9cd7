"""mm-decode: the output of a trained model for lines, files or a split."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from absl import flags

from t2t_multimodel import usr_dir
from t2t_multimodel.bin import _cli, _model, _quiet
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.errors import UserError

if TYPE_CHECKING:
    from t2t_multimodel.checkpoints.checkpoint import Checkpoint

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
_out.switch("json_lines", "A JSON object for each input, with outputs, scores and errors.")
COMMAND.places()

_SAMPLING = ("temperature", "top_k", "top_p", "seed")
_BEAM = ("beam_size", "alpha")


def settings(args: flags.FlagValues) -> DecodeConfig:
    """The way of decoding that the flags imply.

    Raises:
        UserError: they imply two.
    """
    fields = (*_BEAM, *_SAMPLING, "ctc_weight", "nbest", "max_length")
    given: dict[str, Any] = {
        name: args[name].value for name in fields if args[name].value is not None
    }
    beam = [name for name in _BEAM if name in given]
    sampling = [name for name in _SAMPLING if name in given]
    if beam and sampling:
        raise UserError(
            f"--{beam[0]} is of beam search, --{sampling[0]} of sampling.", "Give one of the two."
        )
    several = given.get("nbest", 1) > 1
    if several and "beam_size" not in given:
        given["beam_size"] = max(DecodeConfig.beam_size, given["nbest"])
    method: Literal["greedy", "beam", "sample"]
    method = "sample" if sampling else "beam" if beam or several else "greedy"
    return DecodeConfig(method=method, jit=args.jit, **given)


def _check_output(args: flags.FlagValues, checkpoint: Checkpoint, name: str) -> None:
    """Raises `UserError` where flags ask for a way of writing that the outputs do not have."""
    from t2t_multimodel.registry import problems

    given = [flag for flag in (*_BEAM, *_SAMPLING, "max_length") if args[flag].value is not None]
    output = problems.get(name)().signature(checkpoint.tokenizers()).targets.output
    if output == "classes" and given:
        raise UserError(
            f"--{given[0]} is for sequences, but the outputs of {name} are classes.",
            "--nbest=N gives the N most probable ones.",
        )
    given += [flag for flag in ("nbest", "scores") if args[flag].value]
    if output == "values" and given:
        raise UserError(
            f"--{given[0]} is for outputs with a probability, but those of {name} are values."
        )


def decode(args: flags.FlagValues, _: list[str]) -> None:
    """Checks what was asked for, then decodes."""
    usr_dir.add(args.usr_dir)
    folder, config = _model.folder(args), settings(args)
    if args.split and args.input_file:
        raise UserError("Give either --input_file or --split.")
    if args.raw_dir and not args.split:
        raise UserError("--raw_dir is for the raw files of a split: give --split too.")
    file = None if args.input_file in (None, Path("-")) else args.input_file
    if file is not None and not file.exists():
        raise UserError(f"{file} does not exist.")
    if file is not None and file.is_dir():
        raise UserError(f"{file} is a folder.", f"For its files: ls -d {file}/* | mm-decode ...")

    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(folder)
    names = checkpoint.problems([args.problem] if args.problem else [])
    if len(names) > 1:
        raise UserError("The model knows several problems.", f"Give --problem: {', '.join(names)}.")
    _check_output(args, checkpoint, names[0])
    _quiet.import_tensorflow()
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
