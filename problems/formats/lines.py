"""Lines and texts of files: one line is in memory at a time, and none is too long for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from t2t_multimodel import BadValue
from t2t_multimodel.problems.formats.archives import contents, opened

LONGEST = 1 << 20
"""Bytes of a line; a longer one is passed over and told."""
_MARK = b"\xef\xbb\xbf"


def lines(file: IO[bytes]) -> Iterator[bytes | BadValue]:
    """The lines of a file in order, without their line feeds.

    Lines end at line feeds alone: U+2028, U+0085 and carriage returns occur inside of sentences. A
    byte order mark before the first line is no part of it.
    """
    is_first = True
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST)
            yield BadValue(f"line has more than {LONGEST:,} bytes")
        else:
            yield (line.removeprefix(_MARK) if is_first else line).removesuffix(b"\n")
        is_first = False


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """All of a text file, packed or not, without a byte order mark.

    Raises:
        UserError: it can not be read, or is in another encoding.
    """
    with opened(path) as file:
        return contents(file, path.name).removeprefix(_MARK).decode(encoding)
