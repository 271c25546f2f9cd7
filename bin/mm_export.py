"""mm-export: a trained model as a SavedModel that takes raw inputs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli, _model
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-export",
    "Writes a SavedModel: text, image files or sound in, texts with scores out; needs TensorFlow "
    "alone.",
    example="mm-export --output_dir=runs/octet_quick --export_dir=exported",
)
_model.add_flags(COMMAND)
_what = COMMAND.group("What is exported")
_what.path("export_dir", "DIR", "Folder that is written; it must be new or empty.")
_what.names("problems", "Problems that get a signature. Without it all.", alias="problem")
_how = COMMAND.group("How outputs are chosen (greedy unless said otherwise)")
_how.number("beam_size", "Beam search that follows this many outputs.", lowest=1)
_how.real("alpha", "Length penalty of beam search, 0 for none. Without it .6.", lowest=0)
_how.real("ctc_weight", "Speech: say of CTC, 0 to 1. Without it the model's own.", lowest=0)
_how.number("nbest", "Outputs for each input, best first. Without it 1.", lowest=1)
_how.number("max_length", "Longest output in tokens. Without it the problem's.", lowest=1)
_how.text("usr_dir", "DIR", "Your own problems and sets: folders or .py files, by comma.", "")
COMMAND.cache()


def settings(args: flags.FlagValues) -> DecodeConfig:
    """The way of decoding that the flags imply."""
    fields = ("beam_size", "alpha", "ctc_weight", "nbest", "max_length")
    given: dict[str, Any] = {
        name: args[name].value for name in fields if args[name].value is not None
    }
    if given.get("nbest", 1) > 1:
        given.setdefault("beam_size", max(DecodeConfig.beam_size, given["nbest"]))
    method: Literal["greedy", "beam"] = "beam" if {"beam_size", "alpha"} & set(given) else "greedy"
    return DecodeConfig(method=method, **given)


def export(args: flags.FlagValues, _: list[str]) -> None:
    """Checks what was asked for, then exports."""
    usr_dir.add(args.usr_dir)
    config = settings(args)
    if args.export_dir is None:
        raise UserError("Give --export_dir.", COMMAND.example)

    from t2t_multimodel.checkpoints.trusted_code import remember

    checkpoint = _model.checkpoint(args)
    names = checkpoint.problems(args.problems)
    quiet.import_tensorflow()
    from t2t_multimodel.export import main as exporting
    from t2t_multimodel.export.about import ABOUT
    from t2t_multimodel.terminal import plural

    exporting.export(checkpoint, names, args.export_dir, config)
    remember(args.export_dir, usr_dir.added())  # for load: an export itself names no code
    size = sum(file.stat().st_size for file in args.export_dir.rglob("*") if file.is_file())
    print(
        f"{storage.shown(args.export_dir)}: {plural(len(names), 'signature')}, {size / 1e6:.1f} MB."
    )
    print(f"{storage.shown(args.export_dir / ABOUT)} says what each takes.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(export, argv)


if __name__ == "__main__":
    sys.exit(main())
