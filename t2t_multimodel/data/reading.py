"""Raw files, read part by part; one that can not be read to its end is named."""

from __future__ import annotations

import json
import linecache
import struct
import sys
import sysconfig
import tarfile
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from t2t_multimodel.errors import UserError, reason
from t2t_multimodel.own_modules import not_installed
from t2t_multimodel.problem import Problem

T = TypeVar("T")

_DAMAGE = (
    *(OSError, EOFError, UnicodeError, json.JSONDecodeError, struct.error),
    *(LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error),
)
"""The errors that libraries raise on damaged files: where a user's own code raises one, the
file is more likely to be at fault than the code."""
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


class Unreadable(UserError):
    """Raw files that could not be read to their end: what needs them is not written."""


class Piece(NamedTuple):
    """A shard reads every `step`-th example of a part, from number `first` on."""

    part: Any
    """One of `Problem.source_parts`; None: all examples."""
    first: int
    step: int


def pieces(
    problem: Problem, split: str, shard: int, shards: int, raw_dir: Path | None
) -> list[Piece]:
    """Lists what one shard of `shards` reads, so that together they read every example once.

    Each reads whole parts where there are enough of them; else several share a part.
    """
    what = f"Problem {problem.name!r}, {split}"
    parts = called(lambda: problem.source_parts(split, raw_dir), what)
    if parts is None:
        return [Piece(None, shard, shards)]
    if len(parts) >= shards:
        return [Piece(part, 0, 1) for part in parts[shard::shards]]
    if not parts:
        return []
    number = shard % len(parts)
    sharing = range(number, shards, len(parts))
    return [Piece(parts[number], sharing.index(shard), len(sharing))]


def examples(
    problem: Problem, part: Any, split: str, raw_dir: Path | None
) -> Iterator[dict[str, Any]]:
    """The examples of a part (None: all of the split).

    Raises:
        Unreadable: a raw file is damaged.
    """
    what = f"Problem {problem.name!r}, {place(part, split, raw_dir)}"
    if part is None:
        return guarded(lambda: problem.examples(split, raw_dir), what, "examples")
    return guarded(lambda: problem.examples_of(part, split, raw_dir), what, "examples")


def guarded(read: Callable[[], Iterable[T]], what: str, noun: str) -> Iterator[T]:
    """The items that `read` gives, whose reading may end in `Unreadable`.

    Args:
        read: reads raw files.
        what: is read, for the error.
        noun: what the items are called there.
    """
    count = 0
    try:
        for item in read():
            yield item
            count += 1
    except Unreadable:
        raise
    except UserError as error:  # a reader has told it; other shards are written all the same
        raise Unreadable(error.message, error.fix) from error
    except Exception as error:
        when = f"after {count:,} {noun}" if count else "from the start"
        raise _unreadable(error, what, when) from error


def called(read: Callable[[], T], what: str) -> T:
    """Returns what `read` returns, or `Unreadable` as of `guarded`."""
    return next(guarded(lambda: (read(),), what, ""))


def _unreadable(error: Exception, what: str, when: str) -> Unreadable:
    """The error for what reading raised: the raw file's fault, or that of the user's code."""
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, (error.text or "").strip()
        return Unreadable(
            f"{what}: {error.msg}\n  {file}:{error.lineno}: {line}",
            fix=f"Mend {Path(file).name}, then run the same command.",
        )
    if (lacking := not_installed(error)) is not None:
        return Unreadable(f"{what}: {lacking.message}", lacking.fix)
    frames = traceback.extract_tb(error.__traceback__)
    said = str(error) if isinstance(error, OSError) else reason(error)  # which names the file
    name = type(error).__name__
    at, told = frames[-1], said if said.startswith(name) else f"{name}: {said}"
    mine = next((frame for frame in reversed(frames) if _is_of_the_user(frame.filename)), None)
    if mine is None or isinstance(error, _DAMAGE):
        shown = mine or at
        return Unreadable(
            f"{what}: unreadable {when}: {told} ({Path(shown.filename).name}:{shown.lineno}).",
            fix="Fetch the raw file again, then run the same command: what was made is kept.",
        )
    line = linecache.getline(mine.filename, mine.lineno or 0).strip()
    if mine.name == "<module>":
        return Unreadable(
            f"{what}: its code can not be imported: {told}\n"
            f"  {mine.filename}:{mine.lineno}: {line}",
            fix=f"Mend {Path(mine.filename).name}, then run the same command.",
        )
    return Unreadable(
        f"{what}: {mine.name}() failed {when}: {told}\n  {mine.filename}:{mine.lineno}: {line}",
        fix=f"Mend {Path(mine.filename).name}, or yield BadValue(reason) in place of a bad value; "
        "then run the same command: what was made is kept.",
    )


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


def place(part: Any, split: str, raw_dir: Path | None) -> str:
    """A part as messages name it: files relative to `raw_dir`."""
    if part is None:
        return split
    names = [
        str(one.relative_to(raw_dir))
        if isinstance(one, Path) and raw_dir is not None and one.is_relative_to(raw_dir)
        else str(one)
        for one in (part if isinstance(part, tuple) else (part,))
    ]
    return f"{split} {' '.join(names)}"
