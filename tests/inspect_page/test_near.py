"""Near-duplicates are found among texts and among numbers."""

from __future__ import annotations

import numpy as np

from t2t_multimodel.inspect_page.near import near_pairs, words_only


def test_texts_that_differ_in_a_letter_are_near() -> None:
    train = ["click the ok button", "the sea is blue", "a red house stands here"]
    count, pairs = near_pairs(train, ["clicks the ok button", "nothing of this", "the sea is blue"])
    assert count == 2
    assert [(pair.first, pair.second) for pair in pairs] == [(2, 3), (1, 1)]
    assert pairs[0].similarity > 1 - 1e-9
    assert 0.8 < pairs[1].similarity < 1


def test_numbers_that_differ_by_noise_are_near() -> None:
    draws = np.random.default_rng(0)
    train = [*draws.normal(size=(20, 30))]
    count, pairs = near_pairs(train, [draws.normal(size=30), train[4] + 0.01])
    assert (count, pairs[0].first, pairs[0].second) == (1, 5, 2)


def test_nothing_is_near_where_there_is_nothing_to_compare() -> None:
    assert near_pairs([], ["a"]) == (0, [])
    assert near_pairs(["!"], ["?"]) == (0, [])
    assert near_pairs([np.zeros(3)], [np.zeros(2)]) == (0, [])


def test_texts_are_compared_by_their_words() -> None:
    assert words_only("  Click: the «OK» button!\n") == "click the ok button"
