"""Bytes to UTF-8 inside of a graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

REPLACEMENT = "\ufffd"


def repaired(texts_R: Any) -> Any:
    """The texts, string [R], with U+FFFD for each byte that is no part of a character.

    SentencePiece does so; `tf.strings.unicode_transcode` takes one for several bytes.
    """
    split = tf.strings.bytes_split(texts_R)
    part_S = _in_character(split.flat_values, split.value_rowids())
    return tf.strings.reduce_join(
        split.with_flat_values(tf.where(part_S, split.flat_values, REPLACEMENT)), axis=1
    )


def _in_character(bytes_S: Any, row_S: Any) -> Any:
    """bool [S]: whether a byte belongs to a well-formed character (Unicode 15, table 3-7)."""
    size = tf.size(bytes_S)
    value = tf.cast(tf.reshape(tf.io.decode_raw(bytes_S, tf.uint8), [-1]), tf.int32)

    def ahead(n: int) -> Any:
        """The value n bytes further on in the same text, else 0."""
        inside = tf.pad(row_S[n:], [[0, tf.minimum(n, size)]], constant_values=-1) == row_S
        return tf.where(inside, tf.pad(value[n:], [[0, tf.minimum(n, size)]]), 0)

    def within(x: Any, low: int, high: int) -> Any:
        return tf.logical_and(x >= low, x <= high)

    second, third, fourth = ahead(1), ahead(2), ahead(3)
    # neither overlong forms nor surrogates nor what is beyond U+10FFFF
    low = tf.where(value == 0xE0, 0xA0, tf.where(value == 0xF0, 0x90, 0x80))
    high = tf.where(value == 0xED, 0x9F, tf.where(value == 0xF4, 0x8F, 0xBF))
    two = tf.logical_and(second >= low, second <= high)
    three = tf.logical_and(two, within(third, 0x80, 0xBF))
    four = tf.logical_and(three, within(fourth, 0x80, 0xBF))
    length = tf.where(value < 0x80, 1, 0)
    length += tf.where(tf.logical_and(two, within(value, 0xC2, 0xDF)), 2, 0)
    length += tf.where(tf.logical_and(three, within(value, 0xE0, 0xEF)), 3, 0)
    length += tf.where(tf.logical_and(four, within(value, 0xF0, 0xF4)), 4, 0)
    part = length > 0
    for n in range(1, 4):
        part |= tf.pad(length > n, [[n, 0]])[:size]
    return part
