"""A page as Markdown: its text and tables; sounds are for the HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from t2t_multimodel.report.page import (
    Cell,
    Figure,
    Media,
    Page,
    PageBlock,
    Paragraph,
    Pieces,
    Stack,
    Table,
)

_MARKS = re.compile(r"([\\`*\[\]|~$#])|(?<![^\W_])_|_(?![^\W_])")
"""`_MARKS` finds what Markdown takes for more than text; `_` inside of a word is plain text."""


def to_markdown(page: Page, address_of: Callable[[Media], str] | None = None) -> str:
    """The whole file.

    Args:
        page: its content.
        address_of: where each drawing will lie, seen from the file; None: drawings are left out.
    """
    parts = [f"# {_text(page.title)}"]
    for section in page.sections:
        blocks = [_block(block, address_of) for block in section.blocks]
        parts += [f"## {_text(section.title)}", *filter(None, blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: PageBlock, address_of: Callable[[Media], str] | None) -> str:
    match block:
        case Table():
            return _table(block)
        case Paragraph(text):
            return _text(text)
        case Figure(picture):
            return f"![{_text(picture.words)}]({address_of(picture)})" if address_of else ""


def _table(table: Table) -> str:
    rules = ["---:" if numeric else "---" for numeric in table.numeric]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    return "\n".join(
        "| " + " | ".join(cells) + " |" for cells in [map(_text, table.columns), rules, *rows]
    )


def _cell(cell: Cell) -> str:
    match cell:
        case Media(words=words):
            return _text(words)
        case Pieces(words=pieces):
            return _text("".join(pieces))
        case Stack(cells):
            return " / ".join(map(_cell, cells))
        case _:
            return _text(cell)


def _text(text: str) -> str:
    """One line that no viewer takes for marks, HTML or the end of a cell."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return _MARKS.sub(lambda found: "\\" + found[0], escape(line, quote=False))
