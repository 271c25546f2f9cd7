"""Text: sub-word ids of a named vocabulary."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from t2t_multimodel.features.base import (
    EOS_ID,
    SHOWN_WHEN_SET,
    BadValue,
    Feature,
    Signature,
    Tokenizer,
    Unit,
)
from t2t_multimodel.features.brackets import Brackets
from t2t_multimodel.features.checking import comes_back
from t2t_multimodel.features.graph import Argument, GraphInput, GraphTokenizer

MOST_CHARACTERS = 1 << 20
"""The most characters of a text: to split a longer one takes long, and no model takes it."""
_MARK = "\ufeff"  # of byte order, which editors put before a text; it is no text
_BLANK = "\u2581"  # stands for a blank in SentencePiece
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, repr=False)
class Text(Feature):
    """A string, or a list of equally good strings.

    Problems that name the same vocabulary share its embedding and softmax.
    """

    vocab: str | None = None
    """Registered vocabulary. None: one of the problem's own, trained on its train texts."""
    max_length: int = 256
    """Longest sequence in tokens, the end included; longer examples are left out and counted."""
    symbols: bool = False
    """Words equal to a control symbol of the vocabulary take its id (parse brackets)."""
    several: bool = dataclasses.field(default=False, metadata=SHOWN_WHEN_SET)
    """A value is a list of equally good texts, such as the captions of an image: training draws
    one of them each time, teacher-forced scores are of the first, decoded ones may use all."""
    grammar: Brackets | None = dataclasses.field(default=None, repr=False)
    """The form that outputs must have, for a target. Other tokens are forbidden while one is
    written, in greedy, sampled and searched outputs alike; training does not see it."""

    dtype: ClassVar[np.dtype] = np.dtype(np.int32)
    unit: ClassVar[Unit | None] = "tokens"
    hint: ClassVar[str] = "Type a sentence"
    seen_as: ClassVar[str] = "TF-IDF of words"

    def vocabulary(self, problem: str) -> str:
        return self.vocab or problem

    def signature(self, problem: str, tokenizer: Tokenizer | None) -> Signature:
        assert tokenizer is not None
        identity = f"text/{tokenizer.identity}"
        return Signature("text", identity, tokenizer.size, (None,), self.max_length)

    def texts(self, value: Any) -> list[str]:
        """The strings of a value as yielded by `Problem.examples`, without byte order marks.

        Raises:
            BadValue: one is no text; or `several` are declared, but the value is no list, or an
                empty one.
        """
        if not self.several:
            value = [value]
        if not isinstance(value, (list, tuple)) or not value:
            raise BadValue(f"several texts must be a list of str, but are {value!r:.60}")
        for one in value:
            check_text(one)
        return [one.removeprefix(_MARK) for one in value]

    def encode(self, value: str | Sequence[str], tokenizer: Tokenizer | None) -> np.ndarray:
        assert tokenizer is not None
        ids: list[int] = []
        for text in self.texts(value):
            ids += [*tokenizer.encode(text, symbols=self.symbols), EOS_ID]
        return np.asarray(ids, self.dtype)

    def each(self, array: np.ndarray) -> list[np.ndarray]:
        if not self.several:
            return [array]
        return np.split(array, np.flatnonzero(array == EOS_ID)[:-1] + 1)

    def model_input(self, array: np.ndarray) -> np.ndarray:
        return self.each(array)[0]

    def augment(self, array: np.ndarray, draws: np.random.Generator) -> np.ndarray:
        texts = self.each(array)
        return texts[int(draws.integers(len(texts)))] if self.several else array

    def decode(self, array: np.ndarray, tokenizer: Tokenizer | None) -> str:
        assert tokenizer is not None
        return tokenizer.decode([int(i) for i in array])

    def changed_by_coding(self, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None) -> str:
        given = self.texts(value)
        came = [str(one) for one in self.references(stored, tokenizer)]
        for one, other in zip(given, came, strict=False):
            same = one.split() == other.split() if self.symbols else one == other
            if not same and one.replace(_BLANK, " ") != other:
                return comes_back(one, other)
        return "" if len(given) == len(came) else f"{len(given)} texts come back as {len(came)}"

    def length(self, array: np.ndarray) -> int:
        return max(map(len, self.each(array)))

    def describe(self) -> str:
        return f"Text({self.vocab})" if self.vocab else "Text"

    def parse(self, given: str | bytes) -> str | list[str]:
        text = given.decode() if isinstance(given, bytes) else given
        return [text] if self.several else text

    def cut(self, array: np.ndarray, most: int) -> np.ndarray:
        return np.append(array[: most - 1], np.asarray(EOS_ID, array.dtype))

    def beside(self, words: str, source: str) -> str:
        return self.grammar.with_words(words, source) if self.grammar else words

    def pieces(self, array: np.ndarray, tokenizer: Tokenizer | None) -> list[str]:
        assert tokenizer is not None
        return tokenizer.pieces([int(i) for i in array])

    def simple(self, value: str) -> str:
        return value

    def graph_arguments(self, signature: Signature) -> dict[str, Argument]:
        return {"inputs": Argument("string", (), "string [B], UTF-8")}

    def graph_read(
        self, arguments: dict[str, Any], tokenizer: GraphTokenizer | None, signature: Signature
    ) -> GraphInput:
        import tensorflow as tf

        assert tokenizer is not None
        texts_B = arguments["inputs"]
        ids = tokenizer.encode(texts_B, self.symbols)
        ends_B1 = tf.fill([ids.nrows(tf.int32), 1], EOS_ID)
        ids = tf.concat([ids[:, : signature.max_length - 1], ends_B1], axis=1)
        blank_B = tf.strings.strip(texts_B) == ""
        return GraphInput(ids.to_tensor(), tf.cast(ids.row_lengths(), tf.int32), blank_B)

    def graph_write(
        self, outputs_R: Any, tokenizer: GraphTokenizer | None, signature: Signature
    ) -> Any:
        assert tokenizer is not None
        return tokenizer.decode(outputs_R)


def check_text(value: Any) -> None:
    """Raises `BadValue` for what is no text."""
    if not isinstance(value, str):
        raise BadValue(f"text must be a str, but is {type(value).__name__}")
    if not value.removeprefix(_MARK).strip():
        raise BadValue("text is empty")
    if len(value) > MOST_CHARACTERS:
        raise BadValue(f"text has {len(value):,} characters; {MOST_CHARACTERS:,} at most are read")
    if _HALF_A_PAIR.search(value):
        raise BadValue("text has half of a surrogate pair, which is no character")
