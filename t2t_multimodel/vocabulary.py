"""Vocabulary: the declaration of a named sub-word vocabulary and the text it is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel.user_code import must_define


class Vocabulary:
    """A named vocabulary, registered by `@register_vocabulary("name")`.

    Every `Text(vocab="name")` of any problem takes it: embeddings and softmax are shared.
    """

    name: str
    """Set by the decorator."""
    size: int = 8192
    """Number of ids, reserved ones included (paper, section 2.2: 8k sub-words)."""
    symbols: tuple[str, ...] = ()
    """Control symbols with ids of their own that no ordinary text ever becomes."""

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """Yields the texts that the sub-words are learned from, train splits only."""
        raise must_define(self, "text(self, raw_dir)")

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files that `text` reads; the vocabulary is stale when one changes."""
        return []
