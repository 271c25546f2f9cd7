"""mm-datagen: writes the encoded records of problems."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import usr_dir
from t2t_multimodel.bin import _cli, _listing
from t2t_multimodel.errors import UserError
from t2t_multimodel.registry import problems

COMMAND = _cli.Command(
    "mm-datagen",
    "Writes the encoded records of problems; a second run writes only what is missing or stale.",
    example="mm-datagen --problem=octet_ende,octet_image",
)
_what = COMMAND.group("What to write")
_what.names("problem", "Problems to write.", alias="problems")
_what.number("vocab_size", "Size of the vocabularies built for them.", lowest=1)
_what.switch("list", "List all problems and stop.")
COMMAND.places()
_how = COMMAND.group("How")
_how.number("workers", "Processes to write with. Default: one for each core.", lowest=1)


def generate(args: flags.FlagValues, _: list[str]) -> None:
    """Checks the names, then generates."""
    usr_dir.add(args.usr_dir)
    if args.list:
        print(_listing.problem_list())
        return
    if not args.problem:
        raise UserError("--problem names no problem.", "mm-datagen --list shows all of them.")
    problems.check(args.problem)

    from t2t_multimodel.data import datagen

    workers = args.workers or os.cpu_count() or 1
    datagen.generate(args.problem, args.data_dir, args.raw_dir, workers, args.vocab_size)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(generate, argv)


if __name__ == "__main__":
    sys.exit(main())
