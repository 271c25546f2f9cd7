"""A sample of the texts of a corpus: bounded in memory, even, the same in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

MOST_BYTES = 64 << 20
"""A sample may hold so many bytes; a text counts as its UTF-8 bytes and the memory around them."""
AROUND_TEXT = 192
"""Bytes of memory that a text costs beside its own."""
LONGEST_TEXT = 4096
"""Bytes. SentencePiece leaves longer texts out, so they are cut at a blank before that."""
_ALL = 1 << 64


def sampled(texts: Iterable[str], most_bytes: int = MOST_BYTES) -> list[str]:
    """The distinct texts in sorted order, or an even sample of them where they are too many.

    A text is taken if its hash is below a threshold, which is halved whenever the sample grows
    too large. So neither the order of the texts nor how often each occurs matters, and parts
    of a corpus may be sampled in any order.

    Args:
        texts: of the corpus, read once.
        most_bytes: bound of the sample's memory; at least half of it is used where it binds.
    """
    kept: dict[int, str] = {}
    threshold, size = _ALL, 0
    for text in texts:
        for piece in _short(text):
            data = _utf8(piece)
            key = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
            if key < threshold and key not in kept:
                kept[key] = piece
                size += AROUND_TEXT + len(data)
        while size > most_bytes:
            threshold //= 2
            kept = {key: text for key, text in kept.items() if key < threshold}
            size = sum(AROUND_TEXT + len(_utf8(text)) for text in kept.values())
    return sorted(kept.values())


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _short(text: str) -> Iterator[str]:
    """The text, or pieces of it of at most `LONGEST_TEXT` bytes."""
    most = LONGEST_TEXT // 4  # characters that fit whatever they are
    if len(text) > most and len(_utf8(text)) <= LONGEST_TEXT:
        most = len(text)
    while len(text) > most:
        cut = text.rfind(" ", 1, most + 1)
        cut = cut if cut > 0 else most
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text
