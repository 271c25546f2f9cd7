"""Raw files, read part by part; one that can not be read to its end is named."""

from __future__ import annotations

import inspect
import json
import struct
import tarfile
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from t2t_multimodel.errors import UserError
from t2t_multimodel.own_modules import not_installed
from t2t_multimodel.problem import Problem
from t2t_multimodel.user_code import failed_import, last_frame_of_the_user, line_of, told

T = TypeVar("T")

_DAMAGE = (
    *(OSError, EOFError, UnicodeError, json.JSONDecodeError, struct.error),
    *(LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error),
)
"""The errors that libraries raise on damaged files: where a user's own code raises one, the
file is more likely to be at fault than the code."""


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
    parts = called(lambda: problem.source_parts(split, raw_dir), what, raw_dir is None)
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
    lacks = raw_dir is None
    if part is None:
        return guarded(lambda: problem.examples(split, raw_dir), what, "examples", lacks)
    return guarded(lambda: problem.examples_of(part, split, raw_dir), what, "examples", lacks)


def guarded(
    read: Callable[[], Iterable[T]], what: str, noun: str, lacks_raw_dir: bool = False
) -> Iterator[T]:
    """The items that `read` gives, whose reading may end in `Unreadable`.

    Args:
        read: reads raw files.
        what: is read, for the error.
        noun: what the items are called there.
        lacks_raw_dir: whether no folder of raw files is given, which may be the fault.
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
        raise _unreadable(error, what, when, lacks_raw_dir) from error


def called(read: Callable[[], T], what: str, lacks_raw_dir: bool = False) -> T:
    """Returns what `read` returns, or `Unreadable` as of `guarded`."""
    return next(guarded(lambda: (read(),), what, "", lacks_raw_dir))


def _unreadable(error: Exception, what: str, when: str, lacks_raw_dir: bool) -> Unreadable:
    """The error for what reading raised: the raw file's fault, or that of the user's code."""
    if isinstance(error, SyntaxError) or not_installed(error) is not None:
        broken = failed_import(error, what)
        if broken is not None:
            return Unreadable(_behind(what, broken.message), broken.fix)
    if lacks_raw_dir and needs_raw_dir(error):
        return Unreadable(
            f"{what}: its raw files are not given: the code uses raw_dir, which is None.",
            "Give their folder: --raw_dir=FOLDER.",
        )
    mine = last_frame_of_the_user(error)
    if mine is None or isinstance(error, _DAMAGE):
        shown = mine or traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(shown.filename).name}:{shown.lineno}"
        return Unreadable(
            f"{what}: unreadable {when}: {told(error)} ({place}).",
            fix="Fetch the raw file again, then run the same command: what was made is kept.",
        )
    return Unreadable(
        f"{what}: {mine.name}() failed {when}: {told(error)}\n  {line_of(mine)}",
        fix=f"Mend {Path(mine.filename).name}, or yield BadValue(reason) in place of a bad value; "
        "then run the same command: what was made is kept.",
    )


def _behind(what: str, message: str) -> str:
    return message if message.startswith(what) else f"{what}: {message}"


def needs_raw_dir(error: Exception) -> bool:
    """Whether code of a problem failed because `raw_dir` is None: a line with it did."""
    if not isinstance(error, AssertionError) and "NoneType" not in str(error):
        return False
    passing = {__file__, inspect.getfile(Problem)}  # these hand it on to every problem
    frames = traceback.extract_tb(error.__traceback__)
    return any("raw_dir" in (f.line or "") for f in frames if f.filename not in passing)


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
