"""Lines of a file, a pipe or a terminal: every one is numbered, and none is too long for memory."""

from __future__ import annotations

import codecs
import os
import select
from collections import deque
from dataclasses import dataclass

LONGEST = 65_536
"""Bytes of a line that are read; the rest is passed over."""
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Line:
    """A line without its end."""

    number: int
    """`number` counts from 1."""
    text: str
    fault: str = ""
    """Why it is no text; then `text` is empty."""
    is_cut: bool = False
    """Whether it was longer than `LONGEST`."""


class LineReader:
    """Reads lines as they come. Only a newline ends a line; a carriage return before it goes too.

    Args:
        descriptor: of an open file; read without a buffer of Python's.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ready: deque[Line] = deque()
        self._part = bytearray()  # the line that has not ended, LONGEST bytes at most
        self._part_is_cut = False
        self._number = 0
        self._at_end = False

    def window(self, most: int) -> list[Line]:
        """The next lines: waits for one and takes with it those that are there; none at the end.

        So a person or a program that waits for the answer to one line gets it at once, and a
        file comes in full windows.
        """
        while not self._ready and not self._at_end:
            self._read()
        while len(self._ready) < most and not self._at_end and self._has_more():
            self._read()
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def _has_more(self) -> bool:
        return bool(select.select([self._descriptor], [], [], 0)[0])

    def _read(self) -> None:
        chunk = os.read(self._descriptor, _CHUNK)
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._add(piece)
            self._end_line()
        self._add(rest)
        if not chunk:
            self._at_end = True
            if self._part:
                self._end_line()

    def _add(self, piece: bytes) -> None:
        room = LONGEST - len(self._part)
        self._part += piece[:room]
        self._part_is_cut = self._part_is_cut or len(piece) > room

    def _end_line(self) -> None:
        self._number += 1
        self._ready.append(_line(self._number, bytes(self._part), self._part_is_cut))
        self._part.clear()
        self._part_is_cut = False


def _line(number: int, content: bytes, is_cut: bool) -> Line:
    if number == 1:  # a byte order mark is no text
        content = content.removeprefix(codecs.BOM_UTF8)
    if not is_cut:
        content = content.removesuffix(b"\r")
    try:
        # A cut may go through a character: its beginning is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=not is_cut)
    except UnicodeDecodeError as error:
        fault = f"byte 0x{content[error.start]:02x} at {error.start + 1:,} is not UTF-8"
        return Line(number, "", fault, is_cut)
    return Line(number, text, is_cut=is_cut)
