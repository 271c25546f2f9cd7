"""SentencePiece byte pairs as TensorFlow operations, id for id those of the library.

Legend: B texts, R outputs, T tokens of an output, S symbols of all texts one after the other,
W words of all texts, V pieces.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sentencepiece
import tensorflow as tf

from t2t_multimodel.data.tokenizer import UNK_ID, SubwordTokenizer
from t2t_multimodel.export.utf8 import repaired
from t2t_multimodel.features import EOS_ID, PAD_ID

_BLANK = "\u2581"
_NEVER = np.int64(1 << 62)
_UNKNOWN_SURFACE = " \u2047 "
_WHITESPACE = r"[\t-\r\x1c-\x1f\x{85}\p{Z}]+"
"""The characters at which `str.split` splits."""


class Subwords(tf.Module):
    """The `encode` and `decode` of a `SubwordTokenizer` inside of a graph.

    Encoding merges, again and again, that pair of neighbours whose joint piece was learned first.
    No piece of a vocabulary that `data.vocab_training.train` makes goes on behind a blank, so all
    words take a merge at once.

    Args:
        tokenizer: trained by `data.vocab_training.train`.
    """

    def __init__(self, tokenizer: SubwordTokenizer) -> None:
        super().__init__()
        processor = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.model)
        numbers = range(tokenizer.size)
        pieces = [processor.IdToPiece(i) for i in numbers]
        special = (processor.IsByte, processor.IsControl, processor.IsUnknown)
        normal = [i for i in numbers if not any(kind(i) for kind in special)]
        assert not any(_BLANK in pieces[i][1:] for i in normal), "a piece of several words"
        scores = np.asarray([-processor.GetScore(i) for i in normal])
        ranks = np.unique(scores, return_inverse=True)[1]
        self._merges = _table([pieces[i] for i in normal], ranks, _NEVER)
        self._ids = _table([pieces[i] for i in normal], normal, -1)
        self._symbols = _table([*tokenizer.symbols, ""], [*tokenizer.symbols.values(), -1], -1)
        self._bytes = _table(
            [bytes([value]) for value in range(256)],
            [processor.PieceToId(f"<0x{value:02X}>") for value in range(256)],
            UNK_ID,
        )
        self._surfaces = [_surface(processor, i) for i in numbers]
        self._first_surfaces = list(self._surfaces)  # without the blank of the first word
        for i in normal:
            self._first_surfaces[i] = self._surfaces[i].removeprefix(b" ")
        self._symbol_ids = sorted(tokenizer.symbols.values())

    def encode(self, texts_B: Any, symbols: bool = False) -> Any:
        """Texts to ids without the end.

        Args:
            texts_B: UTF-8; what is not becomes U+FFFD.
            symbols: words equal to a control symbol take its id.

        Returns:
            int32 ragged [B, length].
        """
        split = self._words_and_symbols if symbols else self._words
        pieces_S, word_S, text_W = split(texts_B)
        pieces_S, word_S = self._merged(pieces_S, word_S, tf.size(text_W))
        ids = self._ids_of(pieces_S)  # ragged [S, 1 or the bytes of a character without a piece]
        rows = tf.shape(texts_B)[0]
        lengths_B = tf.math.unsorted_segment_sum(ids.row_lengths(), tf.gather(text_W, word_S), rows)
        return tf.RaggedTensor.from_row_lengths(ids.flat_values, lengths_B)

    def _words(self, texts_B: Any) -> tuple[Any, Any, Any]:
        """Characters [S], the number of the word of each [S], the text of each word [W]."""
        blanks_B = tf.strings.regex_replace(texts_B, " ", _BLANK)
        blanks_B = tf.where(texts_B == "", "", tf.strings.join([_BLANK, blanks_B]))
        characters = tf.strings.unicode_split(blanks_B, "UTF-8")
        begins_S = characters.flat_values == _BLANK
        word_S = tf.cumsum(tf.cast(begins_S, tf.int32)) - 1
        return characters.flat_values, word_S, characters.value_rowids()[begins_S]

    def _words_and_symbols(self, texts_B: Any) -> tuple[Any, Any, Any]:
        """`_words` of what is between the control symbols; each of these is a word."""
        blanks_B = tf.strings.regex_replace(texts_B, _WHITESPACE, " ")
        words = tf.strings.split(blanks_B)
        is_symbol_W = self._symbols.lookup(words.flat_values) >= 0
        plain_W = tf.where(is_symbol_W, "", tf.strings.join([_BLANK, words.flat_values]))
        plain_W = tf.strings.regex_replace(plain_W, " ", _BLANK)
        symbols = tf.RaggedTensor.from_row_lengths(
            words.flat_values[is_symbol_W], tf.cast(is_symbol_W, tf.int64)
        )
        pieces = tf.concat([symbols, tf.strings.unicode_split(plain_W, "UTF-8")], axis=1)
        return pieces.flat_values, tf.cast(pieces.value_rowids(), tf.int32), words.value_rowids()

    def _merged(self, pieces_S: Any, word_S: Any, words: Any) -> tuple[Any, Any]:
        """The pieces that are left when no two neighbours can be joined."""

        def joints(pieces_S: Any, word_S: Any) -> tuple[Any, Any]:
            """What each symbol is with the next one, and whether they are joined now."""
            joint = tf.strings.join([pieces_S[:-1], pieces_S[1:]])
            rank = self._merges.lookup(joint)
            allowed = tf.logical_and(rank < _NEVER, word_S[1:] == word_S[:-1])
            # the leftmost of equal rank
            order = rank * (1 << 32) + tf.range(tf.size(rank, tf.int64), dtype=tf.int64)
            order = tf.where(allowed, order, _NEVER)
            first_W = tf.math.unsorted_segment_min(order, word_S[:-1], words)
            now = tf.logical_and(allowed, order == tf.gather(first_W, word_S[:-1]))
            return joint, now

        def join(pieces_S: Any, word_S: Any, joint: Any, now: Any) -> tuple[Any, ...]:
            pieces_S = tf.where(tf.concat([now, [False]], 0), tf.concat([joint, [""]], 0), pieces_S)
            left_S = tf.logical_not(tf.concat([[False], now], 0))
            pieces_S, word_S = pieces_S[left_S], word_S[left_S]
            return pieces_S, word_S, *joints(pieces_S, word_S)

        start = (pieces_S, word_S, *joints(pieces_S, word_S))
        open_shapes = (tf.TensorShape([None]),) * 4
        loop = tf.while_loop(lambda *state: tf.reduce_any(state[3]), join, start, open_shapes)
        return loop[0], loop[1]

    def _ids_of(self, pieces_S: Any) -> Any:
        """Ragged: the id of each piece, or those of its bytes."""
        ids_S = tf.maximum(self._ids.lookup(pieces_S), self._symbols.lookup(pieces_S))
        known_S = ids_S >= 0
        own = tf.RaggedTensor.from_row_lengths(ids_S[known_S], tf.cast(known_S, tf.int64))
        spelled = tf.strings.bytes_split(tf.where(known_S, "", pieces_S))
        spelled = spelled.with_flat_values(self._bytes.lookup(spelled.flat_values))
        return tf.cast(tf.concat([own, spelled], axis=1), tf.int32)

    def decode(self, ids_RT: Any) -> Any:
        """Ids to texts: padding and everything after the end is dropped. String [R]."""
        ended_RT = tf.cumsum(tf.cast(ids_RT == EOS_ID, tf.int32), axis=1) > 0
        ids = tf.ragged.boolean_mask(ids_RT, tf.logical_and(ids_RT != PAD_ID, ~ended_RT))
        flat = ids.flat_values
        is_symbol = tf.constant(np.isin(range(len(self._surfaces)), self._symbol_ids))
        is_symbol = tf.gather(is_symbol, flat)
        rows = ids.value_rowids()
        same_row = tf.concat([[False], rows[1:] == rows[:-1]], 0)[: tf.size(flat)]
        after_symbol = tf.concat([[False], is_symbol[:-1]], 0)[: tf.size(flat)]
        # a part is a symbol, or all the pieces between two symbols; blanks are between parts
        begins_part = is_symbol | after_symbol | ~same_row
        surface = tf.where(
            begins_part,
            tf.gather(tf.constant(self._first_surfaces), flat),
            tf.gather(tf.constant(self._surfaces), flat),
        )
        surface = tf.strings.join([tf.where(begins_part & same_row, " ", ""), surface])
        return repaired(tf.strings.reduce_join(ids.with_flat_values(surface), axis=1))


def _surface(processor: Any, i: int) -> bytes:
    """Returns what an id adds to a text."""
    piece = processor.IdToPiece(i)
    if processor.IsByte(i):
        return bytes([int(piece[3:5], 16)])
    if processor.IsUnknown(i):
        return _UNKNOWN_SURFACE.encode()
    return piece.replace(_BLANK, " ").encode()


def _table(keys: list[Any], values: Any, default: int) -> Any:
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(keys), tf.constant(np.asarray(values, np.int64))
    )
    return tf.lookup.StaticHashTable(initializer, np.int64(default))
