"""Near-duplicates: examples of one split that hardly differ from one of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

MOST_COMPARED = 2_000
"""Examples of each split that are compared."""
MOST_PAIRS = 10
"""Pairs that are shown, the most similar ones."""
SIMILAR = {"texts": 0.8, "numbers": 0.98}
"""Likeness from which two inputs count as near. 1 is equal, and of vectors a and b it is
2 a.b / (a.a + b.b): of groups of letters by TF-IDF, where it is the cosine, or of values less their
mean over the first split."""
_AT_ONCE = 500


class Pair(NamedTuple):
    """Two examples that are alike."""

    similarity: float
    first: int
    """`first` is the number of the example in the first split, from 1."""
    second: int


def near_pairs(
    first: Sequence[str | np.ndarray], second: Sequence[str | np.ndarray]
) -> tuple[int, list[Pair]]:
    """How many of the second have a near one among the first, and the most similar pairs.

    Args:
        first, second: sources as `Feature.simple` gives them: texts, or numbers of one length.
    """
    if not first or not second:
        return 0, []
    kind = "texts" if isinstance(first[0], str) else "numbers"
    one, other = _texts(first, second) if kind == "texts" else _numbers(first, second)
    lengths = [_squares(matrix) for matrix in (one, other)]
    found = []
    for start in range(0, other.shape[0], _AT_ONCE):
        products = other[start : start + _AT_ONCE] @ one.T
        dense = np.asarray(products.todense() if hasattr(products, "todense") else products)
        sums = lengths[1][start : start + _AT_ONCE, None] + lengths[0][None]
        alike = 2 * dense / np.maximum(sums, 1e-9)
        best = alike.argmax(axis=1)
        for row, column in enumerate(best):
            if alike[row, column] >= SIMILAR[kind]:
                likeness = min(1.0, float(alike[row, column]))
                found.append(Pair(likeness, int(column) + 1, start + row + 1))
    found.sort(key=lambda pair: (-pair.similarity, pair.second))
    return len(found), found[:MOST_PAIRS]


def _texts(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    try:
        matrix = letters.fit_transform([*first, *second])
    except ValueError:  # no text has a letter group
        matrix = np.zeros((len(first) + len(second), 1))
    return matrix[: len(first)], matrix[len(first) :]


def _numbers(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, Any]:
    rows = [np.ravel(row) for row in (*first, *second)]
    if len({len(row) for row in rows}) > 1:
        empty = np.zeros((1, 1), np.float32)
        return empty[:0].reshape(0, 1), empty[:0].reshape(0, 1)
    matrix = np.stack(rows).astype(np.float32)
    matrix -= matrix[: len(first)].mean(axis=0)
    return matrix[: len(first)], matrix[len(first) :]


def _squares(matrix: Any) -> np.ndarray:
    """The squared length of each row."""
    squares = matrix.multiply(matrix) if hasattr(matrix, "multiply") else matrix * matrix
    return np.asarray(squares.sum(axis=1)).ravel()


def words_only(text: str) -> str:
    """A text in small letters, without punctuation and with single blanks."""
    return " ".join("".join(_letters(text.casefold())).split())


def _letters(text: str) -> Iterator[str]:
    yield from (c if c.isalnum() else " " for c in text)
