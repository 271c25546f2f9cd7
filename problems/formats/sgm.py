"""SGML files of the WMT test sets: segments with a number, in documents with a name.

They look like XML and often are not (bare ampersands, attributes without quotes), so the two
elements that matter are searched for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.parallel import LinePair, Source, text_of

_TAG = re.compile(r"<(/?)(doc|seg|p)\b([^<>]*)>", re.IGNORECASE)
"""A tag that matters. No part of it can match in two ways, so its time grows with the length."""
_NAMES = {
    "doc": re.compile(r"\bdocid\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE),
    "seg": re.compile(r"\bid\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE),
}
MOST_BYTES = 1 << 28
"""Of a file: a test set has a few megabytes."""

Key = tuple[str, str]
"""Name of the document, number of the segment."""


def read_segments(source: Source) -> dict[Key, str]:
    """The segments by document and number, in order, entities resolved and blanks collapsed.

    Raises:
        UserError: there is none, or two have the same place.
    """
    segments: dict[Key, str] = {}
    for key, text in _segments(_text(source)):
        if key in segments:
            raise UserError(f"{source.name} holds segment {key[1]} of document {key[0]!r} twice.")
        segments[key] = " ".join(html.unescape(text).split())
    if not segments:
        raise UserError(f"{source.name} holds no <seg>: is it an SGML file of WMT?")
    return segments


def _text(source: Source) -> str:
    """All lines of a file.

    Raises:
        UserError: a line or the file is too long to be one of a test set.
    """
    kept, size = [], 0
    for number, line in enumerate(source.lines(), start=1):
        size += len(line) if isinstance(line, bytes) else 0
        if isinstance(line, BadValue) or size > MOST_BYTES:
            why = line if isinstance(line, BadValue) else f"file has more than {MOST_BYTES:,} bytes"
            raise UserError(f"{source.name}:{number}: {why}: is it an SGML file of WMT?")
        kept.append(str(text_of(line)))
    return "\n".join(kept)


def _segments(text: str) -> Iterator[tuple[Key, str]]:
    """Each segment with what is between its tag and the next one that matters."""
    doc = number = ""
    begin = 0
    for tag in _TAG.finditer(text):
        closes, kind = tag[1], tag[2].lower()
        if number and not (kind == "p" and not closes):  # a paragraph may begin inside
            yield (doc, number), text[begin : tag.start()]
            number = ""
        name = _NAMES[kind].search(tag[3]) if kind in _NAMES and not closes else None
        if name and kind == "doc":
            doc = name[1]
        elif name:
            number, begin = name[1], tag.end()
    if number:
        yield (doc, number), text[begin:]


def segment_pairs(first: Source, second: Source) -> Iterator[LinePair]:
    """The segments of a source file with those of its reference, in the order of the source.

    Raises:
        UserError: the two files do not hold the same segments.
    """
    ones, others = read_segments(first), read_segments(second)
    if alone := ones.keys() ^ others.keys():
        doc, segment = min(alone)
        has, lacks = (first, second) if (doc, segment) in ones else (second, first)
        raise UserError(
            f"{lacks.name} lacks segment {segment} of document {doc!r}, which {has.name} has.",
            fix="Get both files again, from the same release.",
        )
    for number, (key, text) in enumerate(ones.items(), start=1):
        yield LinePair(number, text, others[key])
