"""mm-datagen: writes the encoded records of problems."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from t2t_multimodel import quiet, storage, usr_dir
from t2t_multimodel.bin import _cli, _listing
from t2t_multimodel.errors import UserError
from t2t_multimodel.registry import problems

if TYPE_CHECKING:
    from t2t_multimodel.data.processes import Run

COMMAND = _cli.Command(
    "mm-datagen",
    "Writes the encoded records of problems; a second run writes only what is missing or stale.",
    example="mm-datagen --problem=octet_ende,octet_image",
)
_what = COMMAND.group("What to write")
_what.names("problem", "Problems to write.", alias="problems")
_what.number("vocab_size", "Size of the vocabularies built for them.", lowest=1)
_what.switch("list", "List all problems and stop.")
_from = COMMAND.group("From usual files, without Python, see docs/sources.md")
_from.text(
    "from",
    "KIND:FOLDER",
    "Define the problem by its files: parallel (train.en, train.de), table (train.csv, .tsv, "
    ".jsonl) or class_folders (train/CLASS/FILE). Every command then knows it by --data_dir.",
    "",
)
_from.text("source", "NAME", "Column, or ending of the files, of the inputs.", "")
_from.text("target", "NAME", "Column, or ending of the files, of the targets.", "")
_from.text("inputs", "KIND", "text, text:TOKENS, class, image:HxW or audio:RATE.", "")
_from.text("targets", "KIND", "The same of the targets.", "")
_from.text("held_out", "DEV,TEST", "Shares cut out of train, e.g. 0.05,0.1.", "")
COMMAND.places()
_how = COMMAND.group("How")
_how.number("workers", "Processes to write with. Default: one for each core.", lowest=1)
_how.switch("verify", "Read all that is there to the last byte; make again what is damaged.")
_accept = "Keep these records although their sources have changed, and note that in them."
_how.text("accept", "FINGERPRINT", _accept, "")
_how.switch("tfds_metadata", "Let TensorFlow Datasets open the records: write its metadata.")
_how.text("runner", "NAME", "Write by Apache Beam: DirectRunner, FlinkRunner, ...", "")
_how.texts("beam_options", "OPTIONS", "Options of the runner, e.g. --direct_num_workers=4.")
COMMAND.cache()


def generate(args: flags.FlagValues, _: list[str]) -> None:
    """Checks the names, then generates."""
    usr_dir.add(args.usr_dir)
    if args.list:
        print(_listing.problem_list())
        return
    _define(args)
    if not args.problem:
        raise UserError("--problem names no problem.", "mm-datagen --list shows all of them.")
    problems.check(args.problem)

    from t2t_multimodel.cores import cores
    from t2t_multimodel.data import datagen, kept

    if args.accept:
        if len(args.problem) != 1:
            raise UserError("--accept is for the records of one problem.", "Give one --problem.")
        kept.accept(args.problem[0], args.accept, args.data_dir, args.raw_dir)
        return
    prepared = datagen.generate(
        args.problem,
        args.data_dir,
        args.raw_dir,
        datagen.DatagenOptions(
            workers=args.workers or cores(),
            vocab_size=args.vocab_size,
            verify=args.verify,
            run=_runner(args),
        ),
    )
    for one in prepared.values():
        print(f"{one.problem.name} is in {storage.shown(one.folder)}")
    if args.tfds_metadata:
        quiet.import_tensorflow()
        from t2t_multimodel.data import tfds_metadata

        for one in prepared.values():
            tfds_metadata.write(one)


_DEFINES = ("source", "target", "inputs", "targets", "held_out")


def _define(args: flags.FlagValues) -> None:
    """Writes the definition that `--from` and the flags beside it give."""
    given = {name: str(args[name].value or "") for name in ("from", *_DEFINES)}
    if not given["from"]:
        for name in _DEFINES:
            if given[name]:
                raise UserError(f"--{name} needs --from.", "e.g. --from=parallel:FOLDER")
        return
    if len(args.problem) != 1:
        raise UserError("--from defines one problem.", "Give one --problem, the name of it.")
    (name,) = args.problem

    from t2t_multimodel.sources import from_flags

    from_flags.define(from_flags.from_flags(given), name, args.data_dir)


def _runner(args: flags.FlagValues) -> Run | None:
    """Makes the runner that `--runner` names; None where it names nothing."""
    options = [option for text in args.beam_options for option in shlex.split(text)]
    if not args.runner:
        if options:
            raise UserError("--beam_options needs a --runner.", "e.g. --runner=DirectRunner")
        return None
    if args.workers:
        raise UserError(
            "--workers is for this machine's own processes; --runner has its own.",
            "e.g. --beam_options=--direct_num_workers=4",
        )
    from t2t_multimodel.data.apache_beam_runner import runner

    return runner(args.runner, options)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(generate, argv)


if __name__ == "__main__":
    sys.exit(main())
