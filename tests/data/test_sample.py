"""Samples: bounded, even, the same in any order."""

from __future__ import annotations

import random

import pytest

from t2t_multimodel.data import sample
from t2t_multimodel.data.sample import AROUND_TEXT, LONGEST_TEXT, sampled

WORDS = [f"word {n:05d}" for n in range(10_000)]
ONE = AROUND_TEXT + len(WORDS[0])


def test_few_texts_are_all_taken_once_and_sorted() -> None:
    assert sampled(iter(["b", "a", "b", "ä", ""])) == ["a", "b", "ä"]
    assert sampled([]) == []


def test_many_texts_are_sampled_within_the_bound_and_evenly() -> None:
    some = sampled(WORDS, most_bytes=1000 * ONE)
    assert 500 <= len(some) <= 1000
    numbers = [int(text.split()[1]) for text in some]
    # The mean of n draws from 0..9999 has a standard deviation of 2887 / sqrt(n).
    assert abs(sum(numbers) / len(numbers) - 4999.5) < 4 * 2887 / len(numbers) ** 0.5


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_repetition_matters(seed: int) -> None:
    shuffled = random.Random(seed).choices(WORDS, k=30_000) + random.Random(seed).sample(
        WORDS, len(WORDS)
    )
    assert sampled(shuffled, 300 * ONE) == sampled(WORDS, 300 * ONE)


def test_parts_may_be_sampled_one_by_one() -> None:
    bound = 300 * ONE
    parts = [sampled(WORDS[:4000], bound), sampled(WORDS[4000:], bound)]
    assert sampled(parts[0] + parts[1], bound) == sampled(WORDS, bound)


def test_a_smaller_bound_takes_a_part_of_what_a_larger_one_takes() -> None:
    assert set(sampled(WORDS, 100 * ONE)) < set(sampled(WORDS, 1000 * ONE))


@pytest.mark.parametrize(
    "text",
    ["word " * 3000, "x" * 9000, "東京 " * 2000, "é" * (LONGEST_TEXT // 2), "a" * LONGEST_TEXT],
)
def test_long_texts_are_cut_into_pieces_that_fit(text: str) -> None:
    pieces = list(sample._short(text))
    assert "".join(pieces) == text
    assert all(0 < len(piece.encode()) <= LONGEST_TEXT for piece in pieces)


def test_words_stay_whole_where_a_text_is_cut() -> None:
    pieces = list(sample._short("word " * 3000))
    assert {word for piece in pieces for word in piece.split()} == {"word"}
    assert all(piece.startswith(" ") for piece in pieces[1:])
