"""Trains a SentencePiece vocabulary on a bounded sample of texts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import sentencepiece

from t2t_multimodel.data.sample import sampled
from t2t_multimodel.data.tokenizer import UNK_ID
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.features import EOS_ID, PAD_ID, BadValue
from t2t_multimodel.features.text import check_text


class Texts:
    """Texts without those that are none, such as the empty cells of a table: these are counted."""

    def __init__(self, found: Iterable[Any]) -> None:
        self._found = found
        self.left_out = 0
        self._first = ""

    def __iter__(self) -> Iterator[str]:
        for number, text in enumerate(self._found, start=1):
            try:
                if not isinstance(text, str) or text.strip():
                    check_text(text)
            except BadValue as error:
                self.left_out += 1
                shown = printable(repr(text))
                self._first = self._first or f"number {number:,} ({shown:.60}): {error}"
            else:
                yield text

    @property
    def told(self) -> str:
        """Tells how many were left out, and the first of them with its number and the reason."""
        return f"{self.left_out:,} text(s) left out, e.g. {self._first}"


def train(texts: Iterable[str], size: int, symbols: tuple[str, ...], name: str) -> bytes:
    """Trains a byte-pair SentencePiece model; the same texts in any order give the same pieces.

    Memory is bounded (`sample.MOST_BYTES`), whatever the size of the corpus.

    A corpus too small for `size` pieces yields fewer.

    Raises:
        UserError: there is no text, or `size` can not hold the bytes, symbols and characters.
    """
    sample = sampled(texts)
    if not sample:
        why = f": {texts.told}" if isinstance(texts, Texts) and texts.left_out else ""
        raise UserError(f"Vocabulary {name!r} has no text to learn from{why}.")
    buffer = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.Train(
            sentence_iterator=iter(sample),
            model_writer=buffer,
            model_type="bpe",
            vocab_size=size,
            hard_vocab_limit=False,  # a small corpus yields fewer pieces than asked for
            byte_fallback=True,
            character_coverage=0.9995,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            control_symbols=list(symbols),
            num_threads=16,
            pad_id=PAD_ID,
            eos_id=EOS_ID,
            unk_id=UNK_ID,
            bos_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rpartition("] ")[2].strip()
        raise UserError(
            f"Vocabulary {name!r} of {size} ids can not be trained on {len(sample)} texts: {reason}"
        ) from error
    return buffer.getvalue()
