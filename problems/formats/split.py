"""Finds the split that a page, a text or a drawing belongs to, by its name alone."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_WORDS = re.compile(r"\w+(?:'\w+)*")


def normalise(text: str) -> str:
    """Lower-case words and numbers joined by one blank: what makes two sentences "the same".

    Punctuation, case, Unicode compatibility forms and typographic apostrophes do not count.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return " ".join(_WORDS.findall(text))


def draw(key: str) -> float:
    """A number in [0, 1) that depends on `key` alone (SHA-256), for splits and for orderings."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def split_of(key: str, dev: float, test: float) -> str:
    """ "dev" for a share `dev` of all keys, "test" for a share `test`, "train" for the rest."""
    at = draw(key)
    if at < dev:
        return "dev"
    return "test" if at < dev + test else "train"
