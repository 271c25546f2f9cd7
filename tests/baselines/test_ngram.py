from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from t2t_multimodel.baselines import ngram
from t2t_multimodel.baselines.ngram import FALLBACK_DISCOUNTS, NGram

BEGIN = -1


class ByDefinition:
    """Interpolated modified Kneser-Ney, word for word from its definition, for tiny corpora."""

    def __init__(self, sequences: Sequence[Sequence[int]], order: int, size: int) -> None:
        self.order, self.size = order, size
        padded = [(BEGIN, *sequence) for sequence in sequences]
        raw = {
            n: Counter(s[i : i + n] for s in padded for i in range(len(s) - n + 1))
            for n in range(1, order + 1)
        }
        self.counts = {order: raw[order]}
        for n in range(1, order):
            before = Counter(longer[1:] for longer in raw[n + 1])
            self.counts[n] = Counter(
                {g: c if g[0] == BEGIN else before[g] for g, c in raw[n].items()}
            )
        self.counts[1].pop((BEGIN,), None)
        self.discounts = {n: self._discounts(n) for n in self.counts}

    def _discounts(self, n: int) -> tuple[float, ...]:
        n1, n2, n3, n4 = (sum(c == k for c in self.counts[n].values()) for k in (1, 2, 3, 4))
        if not (n1 and n2 and n3):
            return FALLBACK_DISCOUNTS
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return found if min(found) > 0 else FALLBACK_DISCOUNTS

    def prob(self, token: int, context: tuple[int, ...]) -> float:
        n = len(context) + 1
        following = {g[-1]: c for g, c in self.counts[n].items() if g[:-1] == context and c}
        lower = self.prob(token, context[1:]) if context else 1 / self.size
        if not following:
            return lower
        discount = {t: self.discounts[n][min(c, 3) - 1] for t, c in following.items()}
        own = following.get(token, 0) - discount.get(token, 0.0)
        return (own + sum(discount.values()) * lower) / sum(following.values())

    def places(self, sequence: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
        """Each token with its context."""
        padded = (BEGIN, *sequence)
        return [(t, padded[max(0, i - self.order + 1) : i]) for i, t in enumerate(padded) if i]


def corpus(seed: int, sentences: int, size: int) -> list[list[int]]:
    """Sequences of a skewed, correlated language that end in token 1."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(size - 1, 0.3), size)
    result = []
    for _ in range(sentences):
        sequence = [0]
        for _ in range(rng.integers(1, 8)):
            sequence.append(int(rng.choice([0, *range(2, size)], p=table[sequence[-1]])))
        result.append([*sequence[1:], 1])
    return result


def test_a_model_of_single_tokens_by_hand() -> None:
    # Counts 3 and 2 of tokens 0 and 1; discounts 1.5 and 1; those 2.5 of 5 go to four tokens.
    model = NGram([[0, 0, 1], [0, 1]], order=1, size=4)
    expected = [(3 - 1.5 + 0.625) / 5, (2 - 1 + 0.625) / 5, 0.625 / 5, 0.625 / 5]
    scores = model.score([[0, 1], [2, 3]])
    np.testing.assert_allclose(scores.nats, -np.log(expected), rtol=1e-12)
    assert scores.right.tolist() == [True, False, False, False]
    assert scores.sequence.tolist() == [0, 0, 1, 1]


def test_a_model_of_pairs_by_hand() -> None:
    # Pairs: (begin 0) 2, (0 1) 1, (0 2) 1, (2 1) 1. Tokens after distinct ones: 0: 1, 1: 2, 2: 1.
    model = NGram([[0, 1], [0, 2, 1]], order=2, size=4)
    lower = np.array([1 - 0.5 + 0.5, 2 - 1 + 0.5, 1 - 0.5 + 0.5, 0.5]) / 4
    after_begin = (2 - 1 + 1 * lower[0]) / 2
    after_0 = (1 - 0.5 + 1 * lower[2]) / 2
    after_2 = (0 + 0.5 * lower[3]) / 1
    after_3 = lower[1]  # never seen before anything
    scores = model.score([[0, 2, 3, 1]])
    expected = [after_begin, after_0, after_2, after_3]
    np.testing.assert_allclose(scores.nats, -np.log(expected), rtol=1e-12)
    assert scores.right.tolist() == [True, False, False, True]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("sentences", "size"), [(6, 5), (200, 9)])
def test_it_is_the_definition(order: int, sentences: int, size: int) -> None:
    train, test = corpus(0, sentences, size), corpus(1, 20, size)
    definition = ByDefinition(train, order, size)
    scores = NGram(train, order, size).score(test)
    everywhere = [(token, c) for s in test for token, c in definition.places(s)]
    expected = [definition.prob(token, context) for token, context in everywhere]
    np.testing.assert_allclose(scores.nats, -np.log(expected), rtol=1e-9)
    for (token, context), right in zip(everywhere, scores.right, strict=True):
        all_ = [definition.prob(other, context) for other in range(size)]
        highest = max(all_)
        assert all_[token] == pytest.approx(highest) if right else all_[token] <= highest


@pytest.mark.parametrize("order", [1, 3, 5])
def test_exactly_one_token_is_the_most_likely_at_each_place(order: int) -> None:
    size = 9
    model = NGram(corpus(0, 200, size), order, size)
    for context in ([], [2], [3, 4], [5, 0, 6, 2], [8, 8, 8, 8, 8]):
        scores = model.score([[*context, token] for token in range(size)])
        last = np.flatnonzero(np.diff(scores.sequence, append=size))
        assert scores.right[last].sum() == 1
        assert scores.nats[last][scores.right[last]] == pytest.approx(scores.nats[last].min())
        assert np.exp(-scores.nats[last]).sum() == pytest.approx(1.0, abs=1e-12)


def test_discounts_are_estimated_from_the_counts_of_counts() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [40, 15, 8, 4, 3])
    y = 40 / (40 + 2 * 15)
    expected = [0, 1 - 2 * y * 15 / 40, 2 - 3 * y * 8 / 15, 3 - 4 * y * 4 / 8]
    np.testing.assert_allclose(ngram._discounts(counts), expected)


def test_too_few_counts_take_the_fallback_discounts() -> None:
    assert ngram._discounts(np.asarray([1, 1, 2, 5])).tolist() == [0, *FALLBACK_DISCOUNTS]
    negative = np.repeat([1, 2, 3, 4], [5, 2, 9, 1])  # 2 - 3 Y n3 / n2 is below 0
    assert ngram._discounts(negative).tolist() == [0, *FALLBACK_DISCOUNTS]


@pytest.mark.parametrize("order", [2, 3])
def test_with_one_fixed_discount_it_agrees_with_nltk(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = pytest.importorskip("nltk.lm")
    from nltk.util import everygrams

    def fixed(counts: np.ndarray) -> np.ndarray:  # nltk discounts all but single tokens
        return np.zeros(4) if len(counts) == size + 1 else np.asarray([0, 0.3, 0.3, 0.3])

    size = 9
    monkeypatch.setattr(ngram, "_discounts", fixed)
    train, test = corpus(0, 100, size), corpus(1, 20, size)
    theirs = lm.KneserNeyInterpolated(order, discount=0.3)
    words = [[str(token) for token in (BEGIN, *sequence)] for sequence in train]
    theirs.fit([list(everygrams(w, max_len=order)) for w in words], sorted(sum(words, [])))
    places = [p for s in test for p in ByDefinition(train, order, size).places(s)]
    ours = np.exp(-NGram(train, order, size).score(test).nats)
    # A beginning shorter than the context has no counts in nltk.
    comparable = [i for i, (_, context) in enumerate(places) if len(context) == order - 1]
    expected = [
        theirs.unmasked_score(str(token), tuple(map(str, context)))
        for token, context in (places[i] for i in comparable)
    ]
    assert len(expected) > 40
    np.testing.assert_allclose(ours[comparable], expected, rtol=1e-9)


def test_an_order_beyond_the_longest_sequence_changes_nothing() -> None:
    train, test = [[2, 1], [3, 1], [2, 3, 1]], [[3, 2, 2, 3, 1]]
    scores = NGram(train, 4, 5).score(test)
    np.testing.assert_array_equal(NGram(train, 9, 5).score(test).nats, scores.nats)


def test_it_learns_what_a_longer_context_tells() -> None:
    train = [[2, 4, 5, 6, 1], [3, 4, 5, 7, 1]] * 10
    last = [3, 8]  # tokens 6 and 7, told apart by the token three places before
    assert NGram(train, 3, 8).score(train[:2]).right[last].sum() == 1
    assert NGram(train, 4, 8).score(train[:2]).right.tolist()[1:5] == [True] * 4
    assert NGram(train, 4, 8).score(train[:2]).right[last].all()


def test_arrays_and_lists_score_alike() -> None:
    train = corpus(0, 20, 6)
    lists = NGram(train, 3, 6).score(train)
    arrays = NGram([np.asarray(s, np.int32) for s in train], 3, 6).score(train)
    np.testing.assert_array_equal(arrays.nats, lists.nats)
