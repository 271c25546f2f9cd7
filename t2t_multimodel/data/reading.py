"""Raw files, read part by part; one that can not be read to its end is named."""

from __future__ import annotations

import tarfile
import traceback
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem

T = TypeVar("T")

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
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
    parts = problem.source_parts(split, raw_dir)
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
    if part is None:
        found = problem.examples(split, raw_dir)
    else:
        found = problem.examples_of(part, split, raw_dir)
    what = f"Problem {problem.name!r}, {place(part, split, raw_dir)}"
    return guarded(found, what, "examples")


def guarded(items: Iterable[T], what: str, noun: str) -> Iterator[T]:
    """The same items, whose reading may end in `Unreadable`.

    Args:
        items: read from raw files.
        what: is read, for the error.
        noun: what the items are called there.
    """
    count = 0
    try:
        for item in items:
            yield item
            count += 1
    except _DAMAGE as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        after = f"after {count:,} {noun}" if count else "from the start"
        raise Unreadable(
            f"{what}: unreadable {after}: "
            f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno}).",
            fix="Fetch the raw file again, then run the same command: what was made is kept.",
        ) from error


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
