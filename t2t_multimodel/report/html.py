"""A page as one HTML file: no script, no font and no picture from elsewhere."""

from __future__ import annotations

import base64
from html import escape

from t2t_multimodel.report.page import (
    Cell,
    Figure,
    Media,
    Page,
    PageBlock,
    PageSection,
    Paragraph,
    Pieces,
    Stack,
    Table,
)

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px;
       margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2, summary { font-size: 1.2em; font-weight: 600; margin: 1.6em 0 .5em; }
summary { cursor: pointer; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .6em 0 1.2em; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: .25em .8em .25em 0;
         border-bottom: 1px solid #ddd; overflow-wrap: break-word; white-space: pre-wrap; }
th { border-bottom: 2px solid #888; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td img { min-width: 72px; max-width: 300px; max-height: 220px; image-rendering: pixelated; }
td img.drawing { min-width: 0; max-width: none; max-height: none; image-rendering: auto; }
td:has(> .piece) { min-width: 16em; }
.piece { border-left: 1px solid #b9c6d6; background: #f2f6fb; padding: 0 1px; }
.piece:nth-child(even) { background: #e6eef8; }
figure { margin: .5em 0; } figure img { max-width: 100%; }
"""
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
"""Even what slipped through escaping could load and run nothing."""


def to_html(page: Page) -> str:
    """The whole file."""
    title = _text(page.title)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            *map(_section, page.sections),
            "</body></html>\n",
        ]
    )


def _section(section: PageSection) -> str:
    title, body = _text(section.title), "\n".join(map(_block, section.blocks))
    if section.folded:
        return f"<details><summary>{title}</summary>\n{body}\n</details>"
    return f"<section><h2>{title}</h2>\n{body}\n</section>"


def _block(block: PageBlock) -> str:
    match block:
        case Table():
            return _table(block)
        case Paragraph(text):
            return f"<p>{_text(text)}</p>"
        case Figure(picture):
            return f"<figure>{_media(picture)}</figure>"


def _table(table: Table) -> str:
    marks = [' class="number"' if numeric else "" for numeric in table.numeric]
    lines = []
    if any(table.columns):
        heads = zip(marks, table.columns, strict=True)
        names = "".join(f"<th{mark}>{_text(name)}</th>" for mark, name in heads)
        lines.append(f"<tr>{names}</tr>")
    for row in table.rows:
        cells = zip(marks, row, strict=True)
        lines.append("<tr>" + "".join(f"<td{m}>{_cell(cell)}</td>" for m, cell in cells) + "</tr>")
    return "\n".join(['<div class="wide"><table>', *lines, "</table></div>"])


def _cell(cell: Cell) -> str:
    match cell:
        case Media():
            return _media(cell)
        case Pieces(words):
            return "".join(f'<span class="piece">{_text(word)}</span>' for word in words)
        case Stack(cells):
            return "".join(f"<div>{_cell(one)}</div>" for one in cells)
        case _:
            return _text(cell)


def _media(media: Media) -> str:
    source = f"data:{media.type};base64,{base64.b64encode(media.data).decode()}"
    words = _text(media.words)
    if media.type.startswith("audio/"):
        return f'<audio controls src="{source}" title="{words}"></audio>'
    drawing = ' class="drawing"' if media.type == "image/svg+xml" else ""
    return f'<img src="{source}" alt="{words}" title="{words}"{drawing}>'


def _text(text: str) -> str:
    """Escaped; control characters, which HTML may not hold, become U+FFFD."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text))
