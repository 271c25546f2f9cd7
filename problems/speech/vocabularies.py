"""Vocabularies of speech that need no data."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel import Vocabulary, register_vocabulary


@register_vocabulary("english_characters")
class EnglishCharacters(Vocabulary):
    """The 26 letters, digits and marks within words: each id is a character, or a byte of one."""

    size = 300  # 3 reserved, 256 bytes, the blank and the 40 characters below: nothing is merged

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """Each character by itself."""
        yield from (*string.ascii_lowercase, *string.digits, "'", "-", ".", "&")
