"""mm-serve: a trained model behind HTTP, with a page to try it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

from absl import flags

from t2t_multimodel import quiet, usr_dir
from t2t_multimodel.bin import _cli, _model
from t2t_multimodel.errors import UserError

COMMAND = _cli.Command(
    "mm-serve",
    "Answers HTTP requests with a trained model, and has a page to try every problem.",
    example="mm-serve --output_dir=runs/octet_quick",
)
_model.add_flags(COMMAND)
_what = COMMAND.group("What is served")
_what.names("problems", "Problems that are served. Without it all.", alias="problem")
_what.number("beam_size", "Most outputs of a request. Without it 4.", lowest=1)
_what.text("usr_dir", "DIR", "Your own problems and sets: folders or .py files, by comma.", "")
_where = COMMAND.group("Where it listens")
_where.text("host", "HOST", "Name or address; 0.0.0.0 lets others in.", "127.0.0.1")
_where.number("port", "Without it 8000; 0 takes a free one.", lowest=0)
COMMAND.cache()

_LAST_PORT = 65_535  # beyond it, the system would take another port without a word


def serve(args: flags.FlagValues, _: list[str]) -> None:
    """Checks what was asked for, then serves."""
    if not all(map(importlib.util.find_spec, ("starlette", "uvicorn"))):
        raise UserError("mm-serve needs starlette and uvicorn.", "pip install '.[serve]'")
    port = 8000 if args.port is None else args.port
    if port > _LAST_PORT:
        raise UserError(f"--port must be at most {_LAST_PORT}, but is {port}.")
    usr_dir.add(args.usr_dir)
    checkpoint = _model.checkpoint(args)
    names = checkpoint.problems(args.problems)
    quiet.import_tensorflow()
    from t2t_multimodel.serve.main import serve as listen

    listen(checkpoint, names, args.host, port, args.beam_size or 4)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return COMMAND.run(serve, argv)


if __name__ == "__main__":
    sys.exit(main())
