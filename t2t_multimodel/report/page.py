"""Holds the content of a report before it is written as HTML or Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?\s?%?|-|nan|inf|[\d.]+ to [\d.]+", re.IGNORECASE)


@dataclass(frozen=True)
class Media:
    """A picture or a sound, and what stands in its place where there is text only."""

    type: str
    """image/png or audio/wav."""
    data: bytes
    words: str


@dataclass(frozen=True)
class Pieces:
    """A text with the boundaries of its tokens."""

    words: tuple[str, ...]
    """One of each token; `words` joined are the text."""


@dataclass(frozen=True)
class Stack:
    """Several things in one cell, one below the other."""

    cells: tuple[Cell, ...]


Cell = str | Media | Pieces | Stack


@dataclass(frozen=True)
class Table:
    """Rows of cells; a text is shown as it is, whatever it holds."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]

    @property
    def numeric(self) -> list[bool]:
        """Tells for each column whether its cells are numbers."""
        return [
            bool(self.rows) and all(_is_number(row[place]) for row in self.rows)
            for place in range(len(self.columns))
        ]


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, str) and _NUMBER.fullmatch(cell) is not None


@dataclass(frozen=True)
class Paragraph:
    """Words of ours, or a line of the run's."""

    text: str


@dataclass(frozen=True)
class Figure:
    """A drawing, for pages that can show it; a table beside it holds its numbers."""

    picture: Media


PageBlock = Table | Paragraph | Figure


@dataclass(frozen=True)
class PageSection:
    """A heading and what is under it."""

    title: str
    blocks: list[PageBlock] = field(default_factory=list)
    folded: bool = False
    """Whether it is opened on demand, where that is possible."""


@dataclass(frozen=True)
class Page:
    """A report."""

    title: str
    sections: list[PageSection]
