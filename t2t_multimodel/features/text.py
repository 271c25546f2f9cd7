"""Text: sub-word ids of a named vocabulary."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from t2t_multimodel.features.base import EOS_ID, BadValue, Feature, Signature, Tokenizer


@dataclasses.dataclass(frozen=True)
class Text(Feature):
    """A string.

    Problems that name the same vocabulary share its embedding and softmax.
    """

    vocab: str | None = None
    """Registered vocabulary. None: one of the problem's own, trained on its train texts."""
    max_length: int = 256
    """Longest sequence in tokens, the end included; longer examples are left out and counted."""
    symbols: bool = False
    """Words equal to a control symbol of the vocabulary take its id (parse brackets)."""

    dtype: ClassVar[np.dtype] = np.dtype(np.int32)
    unit: ClassVar[str | None] = "tokens"

    def vocabulary(self, problem: str) -> str:
        return self.vocab or problem

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        assert tokenizer is not None
        identity = f"text/{tokenizer.identity}"
        return Signature("text", identity, tokenizer.size, (None,), self.max_length)

    @staticmethod
    def check(value: Any) -> None:
        """Raises `BadValue` for what is no text."""
        if not isinstance(value, str):
            raise BadValue(f"text must be a str, but is {type(value).__name__}")
        if not value.strip():
            raise BadValue("text is empty")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise BadValue("text has half of a surrogate pair, which is no character")

    def encode(self, value: str, tokenizer: Tokenizer | None) -> np.ndarray:
        self.check(value)
        assert tokenizer is not None
        ids = tokenizer.encode(value, symbols=self.symbols)
        return np.asarray([*ids, EOS_ID], self.dtype)

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> str:
        assert tokenizer is not None
        return tokenizer.decode([int(i) for i in array])

    def length(self, array: np.ndarray) -> int:
        return len(array)

    def describe(self) -> str:
        return f"Text({self.vocab})" if self.vocab else "Text"
