"""Parallel text: line n of one file is the translation of line n of another.

Files lie in a folder, gzipped or not, or in a tar archive that is read without unpacking. Lines
end at line feeds alone: U+2028, U+0085 and carriage returns occur inside sentences, and whoever
splits there shifts one side against the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.archives import opened, tar_files, unpacked
from t2t_multimodel.problems.formats.lines import lines


@dataclass(frozen=True)
class Source:
    """A file of lines, by itself or in an archive."""

    path: Path
    member: str = ""
    """File name inside the archive, whatever its folder there; "": `path` itself is the file."""

    @property
    def name(self) -> str:
        """Names the file in messages, for example dev.tgz:newstest2013.de."""
        return f"{self.path.name}:{self.member}" if self.member else self.path.name

    def lines(self) -> Iterator[bytes | BadValue]:
        """The lines in order, without their line feeds; one is in memory at a time.

        Raises:
            UserError: the file is damaged, or the archive does not hold it.
        """
        if not self.member:
            with opened(self.path) as file:
                yield from lines(file)
            return
        found = False
        for name, contents in tar_files(self.path):
            if not found and Path(name).name == self.member:
                found = True
                with unpacked(cast(BinaryIO, contents), self.member) as file:
                    yield from lines(file)
        if not found:
            raise UserError(
                f"{self.path} holds no {self.member}.",
                fix="Compare the archive with the official one.",
            )


class LinePair(NamedTuple):
    """Two lines that translate each other."""

    number: int
    """`number` counts from 1."""
    first: str | BadValue
    second: str | BadValue


def text_of(line: bytes | BadValue) -> str | BadValue:
    """A line as text, white space around it removed.

    Bytes that are no UTF-8 become lone surrogates, which `Text` refuses with the reason.
    """
    if isinstance(line, BadValue):
        return line
    return line.decode("utf-8", "surrogateescape").strip()


def is_text(line: str | BadValue) -> bool:
    """Whether a line has characters, and all its bytes were UTF-8."""
    if isinstance(line, BadValue):
        return False
    return bool(line) and not any("\ud800" <= character <= "\udfff" for character in line)


def line_pairs(first: Source, second: Source) -> Iterator[LinePair]:
    """The lines of two files side by side.

    Raises:
        UserError: the files have unequal numbers of lines, which are told: nothing says then
            which lines belong together.
    """
    pairs = zip_longest(first.lines(), second.lines())
    for number, (one, other) in enumerate(pairs, start=1):
        if one is None or other is None:
            counts = [number - 1, number - 1]
            counts[one is None] = sum(1 for _ in pairs) + number
            raise UserError(
                f"{first.name} has {counts[0]:,} lines, but {second.name} has {counts[1]:,}: "
                "lines do not belong together.",
                fix="Get both files again, from the same release.",
            )
        yield LinePair(number, text_of(one), text_of(other))


def column_pairs(source: Source) -> Iterator[LinePair]:
    """The lines of one file with two columns, separated by a tab; a missing column is ""."""
    for number, line in enumerate(source.lines(), start=1):
        if isinstance(line, BadValue):
            yield LinePair(number, line, line)
            continue
        first, _, second = line.partition(b"\t")
        yield LinePair(number, text_of(first), text_of(second))
