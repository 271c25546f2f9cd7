"""SGML files of the WMT test sets: segments with a number, in documents with a name.

They look like XML and often are not (bare ampersands, attributes without quotes), so the two
elements that matter are searched for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.parallel import LinePair, Source, text_of

_TOKEN = re.compile(
    r"""<doc\b[^>]*?\bdocid\s*=\s*["']?(?P<doc>[^"'\s>]+)"""
    r"""|<seg\b[^>]*?\bid\s*=\s*["']?(?P<id>[^"'\s>]+)[^>]*>(?P<text>.*?)"""
    r"""(?:</seg\s*>|(?=<seg\b|</?doc\b|</p>)|\Z)""",
    re.IGNORECASE | re.DOTALL,
)

Key = tuple[str, str]
"""Name of the document, number of the segment."""


def read_segments(source: Source) -> dict[Key, str]:
    """The segments by document and number, in order, entities resolved and blanks collapsed.

    Raises:
        UserError: there is none, or two have the same place.
    """
    segments: dict[Key, str] = {}
    doc = ""
    for match in _TOKEN.finditer("\n".join(map(text_of, source.lines()))):
        if match["doc"]:
            doc = match["doc"]
            continue
        key = (doc, match["id"])
        if key in segments:
            raise UserError(f"{source.name} holds segment {key[1]} of document {doc!r} twice.")
        segments[key] = " ".join(html.unescape(match["text"]).split())
    if not segments:
        raise UserError(f"{source.name} holds no <seg>: is it an SGML file of WMT?")
    return segments


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
