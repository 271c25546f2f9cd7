"""N-gram language model: what the targets alone tell about their next token.

Interpolated modified Kneser-Ney smoothing (Chen & Goodman 1998, TR-10-98, section 3), in arrays:
an n-gram is the pair of its first n - 1 tokens, by their number among the grams of that length,
and its last token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
"""An order takes these discounts if its counts are too few to estimate its own, as in tiny or
artificial corpora."""


@dataclass(frozen=True)
class NGramScores:
    """Holds the scores of every token of some sequences, one after the other."""

    nats: np.ndarray
    """float64 [tokens], minus the log-probability."""
    right: np.ndarray
    """bool [tokens], whether no other token is more likely."""
    sequence: np.ndarray
    """int [tokens], the number of the sequence that the token is in."""


@dataclass(frozen=True)
class _Order:
    """The grams of one length, sorted by key, and the contexts before their last token."""

    keys: np.ndarray
    """int64 [grams]: context * base + last token."""
    prob: np.ndarray
    """float64 [grams], of the last token in that context."""
    backoff: np.ndarray
    """float64 [contexts], the share that goes to the distribution of the next lower order."""
    best: np.ndarray
    """int64 [contexts], the most likely of all tokens."""
    best_prob: np.ndarray
    """float64 [contexts]."""

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The numbers of the grams with these keys, -1 for those never seen."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)


class NGram:
    """A model of sequences of token ids, trained when it is made.

    The beginning of a sequence is context, never predicted. Sequences must hold their own end,
    if the end is to be predicted.
    """

    def __init__(self, sequences: Sequence[Sequence[int] | np.ndarray], order: int, size: int):
        """
        Args:
            sequences: token ids from 0 to size - 1.
            order: tokens of the longest gram, 1 or more; the context is one shorter.
            size: of the vocabulary, over which probabilities sum to one.
        """
        self._size = size
        self._base = size + 1  # the beginning has an id of its own: size
        tokens, place, _ = self._flat(sequences)
        grams = _count_grams(tokens, place, order, self._base)
        unigrams = grams[0].counts[:size].astype(float)
        removed = _discounts(grams[0].counts)[np.minimum(grams[0].counts[:size], 3)]
        total = unigrams.sum()
        self._unigrams = (unigrams - removed + removed.sum() / size) / total
        best = self._best = np.asarray([np.argmax(self._unigrams)])
        self._orders: list[_Order] = []
        prob, best_prob = np.append(self._unigrams, 0.0), self._unigrams[best]
        for lower, here in zip(grams, grams[1:], strict=False):
            level = _smoothed(lower, here, prob, best, best_prob, self._base)
            self._orders.append(level)
            prob, best, best_prob = level.prob, level.best, level.best_prob

    def score(self, sequences: Sequence[Sequence[int] | np.ndarray]) -> NGramScores:
        """Scores each token given those before it in its sequence."""
        tokens, place, sequence = self._flat(sequences)
        prob = self._unigrams[np.minimum(tokens, self._size - 1)]
        best = np.repeat(self._best, len(tokens))
        gram = tokens
        for length, order in enumerate(self._orders, start=2):
            context = np.append(-1, gram[:-1])  # the gram that ends one token earlier
            known = (context >= 0) & (place >= length - 1)
            gram = np.where(known, order.find(context * self._base + tokens), -1)
            backed_off = order.backoff[context] * prob
            prob = np.where(known, np.where(gram >= 0, order.prob[gram], backed_off), prob)
            best = np.where(known, order.best[context], best)
        predicted = place > 0
        right = best == tokens
        return NGramScores(-np.log(prob[predicted]), right[predicted], sequence[predicted])

    def _flat(
        self, sequences: Sequence[Sequence[int] | np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tokens of all sequences, each behind its beginning; their place in it; its number."""
        lengths = np.asarray([len(sequence) + 1 for sequence in sequences])
        ends = np.cumsum(lengths)
        number = np.repeat(np.arange(len(lengths)), lengths)
        place = np.arange(ends[-1]) - (ends - lengths)[number]
        tokens = np.full(ends[-1], self._size, np.int64)
        tokens[place > 0] = np.concatenate([np.asarray(s, np.int64) for s in sequences])
        return tokens, place, number


@dataclass(frozen=True)
class _Grams:
    """The distinct grams of one length in the training text."""

    keys: np.ndarray
    """int64 [grams], sorted: prefix * base + last token; for single tokens the token."""
    counts: np.ndarray
    """int64 [grams]: occurrences at the highest order; below, the distinct tokens before it."""
    suffix: np.ndarray
    """int64 [grams]: the gram without its first token, 0 for single tokens."""


def _count_grams(tokens: np.ndarray, place: np.ndarray, order: int, base: int) -> list[_Grams]:
    """The grams of lengths 1 to `order`.

    A gram at the beginning of a sequence has nothing before it: its occurrences count. Lengths
    beyond the longest sequence are left out.
    """
    order = min(order, int(place.max()) + 1)
    keys = np.arange(base)
    suffix = np.zeros(base, np.int64)
    at = tokens  # number of the gram of the current length that ends at each position
    grams: list[_Grams] = []
    for length in range(1, order):
        longer = np.flatnonzero(place >= length)
        longer_keys, first, inverse = np.unique(
            at[longer - 1] * base + tokens[longer], return_index=True, return_inverse=True
        )
        longer_suffix = at[longer[first]]
        counts = np.bincount(longer_suffix, minlength=len(keys))
        counts += np.bincount(at[place == length - 1], minlength=len(keys))
        grams.append(_Grams(keys, counts, suffix))
        keys, suffix = longer_keys, longer_suffix
        at = np.full(len(tokens), -1)
        at[longer] = inverse
    counts = np.bincount(at[place >= order - 1], minlength=len(keys))
    grams.append(_Grams(keys, counts, suffix))
    grams[0].counts[-1] = 0  # the beginning is never predicted
    return grams


def _smoothed(
    lower: _Grams,
    here: _Grams,
    lower_prob: np.ndarray,
    lower_best: np.ndarray,
    lower_best_prob: np.ndarray,
    base: int,
) -> _Order:
    """Probabilities of one order out of those of the order below."""
    context = here.keys // base
    removed = _discounts(here.counts)[np.minimum(here.counts, 3)]
    total = np.bincount(context, here.counts, len(lower.keys))
    seen = total > 0
    mass = np.bincount(context, removed, len(lower.keys))
    backoff = np.divide(mass, total, out=np.ones_like(total), where=seen)
    prob = (here.counts - removed) / total[context] + backoff[context] * lower_prob[here.suffix]
    # Tokens unseen in a context keep the ranking of the order below. Only its best one can win,
    # and if that one is seen, its own probability here is above its backed-off one.
    best = lower_best[lower.suffix]
    best_prob = backoff * lower_best_prob[lower.suffix]
    starts = np.flatnonzero(np.diff(context, prepend=-1))
    top = np.maximum.reduceat(prob, starts)
    is_top = np.flatnonzero(prob == np.repeat(top, np.diff(np.append(starts, len(context)))))
    _, first = np.unique(context[is_top], return_index=True)
    winners = is_top[first]
    winners = winners[prob[winners] >= best_prob[context[winners]]]
    best[context[winners]] = here.keys[winners] % base
    best_prob[context[winners]] = prob[winners]
    return _Order(here.keys, prob, backoff, best, best_prob)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Estimates what is taken off counts of 0, 1, 2 and more (Chen & Goodman 1998, section 3)."""
    n1, n2, n3, n4 = (float(np.sum(counts == n)) for n in (1, 2, 3, 4))
    estimated: tuple[float, ...] = FALLBACK_DISCOUNTS
    if n1 and n2 and n3:
        y = n1 / (n1 + 2 * n2)
        formula = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        estimated = formula if min(formula) > 0 else FALLBACK_DISCOUNTS
    return np.asarray([0.0, *estimated])
