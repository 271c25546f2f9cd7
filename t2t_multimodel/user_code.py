"""Errors of a user's own code: told with its file and line, and no traceback."""

from __future__ import annotations

import linecache
import sys
import sysconfig
import traceback
from pathlib import Path

from t2t_multimodel.errors import UserError, nearest, reason
from t2t_multimodel.own_modules import not_installed

_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def failed_import(error: Exception, what: str) -> UserError | None:
    """The error for code of the user that can not be imported.

    Args:
        error: what the import raised.
        what: is defined by the code, for the message.

    Returns:
        None for an error that no code of the user raised.
    """
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, (error.text or "").strip()
        return UserError(
            f"{what}: {error.msg}\n  {file}:{error.lineno}: {line}",
            f"Mend {Path(file).name}, then run the same command.",
        )
    if (lacking := not_installed(error)) is not None:
        return lacking
    mine = last_frame_of_the_user(error)
    if mine is None:
        return None
    return UserError(
        f"{what}: its code can not be imported: {told(error)}\n  {line_of(mine)}",
        f"Mend {Path(mine.filename).name}, then run the same command.",
    )


def must_define(owner: object, method: str) -> UserError:
    """The error for a method that a class of the user lacks.

    Args:
        owner: an object of the class.
        method: the method with its arguments, as one writes it.
    """
    cls, name = type(owner), method.partition("(")[0]
    near = nearest(
        name, [own for own in vars(cls) if own != name and callable(vars(cls)[own])], n=1
    )
    return UserError(
        f"{cls.__name__} must define {method}.",
        f"Rename its {near[0]!r}." if near else f"Add it to the class {cls.__name__}.",
    )


def told(error: Exception) -> str:
    """The kind of an error and what it says."""
    said = str(error) if isinstance(error, OSError) else reason(error)  # which names the file
    name = type(error).__name__
    return said if said.startswith(name) else f"{name}: {said}"


def line_of(frame: traceback.FrameSummary) -> str:
    """File, line and code of a frame."""
    code = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return f"{frame.filename}:{frame.lineno}: {code}"


def last_frame_of_the_user(error: Exception) -> traceback.FrameSummary | None:
    """Where the user's own code was when the error came; None: it was not under way."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return next((frame for frame in frames if _is_of_the_user(frame.filename)), None)


def _is_of_the_user(filename: str) -> bool:
    """Whether a file of code is neither ours nor of Python or its libraries."""
    if filename.startswith("<") or filename.startswith(_LIBRARIES):
        return False
    ours = (
        getattr(module, "__file__", None)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "t2t_multimodel"
    )
    return filename not in ours
