"""A vocabulary is the same from the same texts; what can not be trained says why."""

from __future__ import annotations

import random

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train

TEXTS = [f"the {c} {a} runs {n}" for c in ("red", "blue") for a in ("fox", "dog") for n in "123"]
SYMBOLS = ("XX", "(S", "S)")


def test_the_order_of_the_texts_does_not_matter() -> None:
    shuffled = random.Random(1).sample(TEXTS, len(TEXTS))
    expected = train(TEXTS, 320, SYMBOLS, "animals")
    assert train(iter(shuffled + shuffled[:3]), 320, SYMBOLS, "animals") == expected


def test_a_small_corpus_yields_fewer_pieces_than_asked_for() -> None:
    assert SubwordTokenizer("v", train(TEXTS, 4000, (), "v")).size < 400


@pytest.mark.parametrize(
    ("texts", "size", "message"),
    [
        ([], 400, "Vocabulary 'v' has no text to learn from."),
        (
            ["abc"] * 5,
            100,
            "Vocabulary 'v' of 100 ids can not be trained on 1 texts: Vocabulary size is smaller "
            "than required_chars. 100 vs 263. Increase vocab_size or decrease character_coverage "
            "with --character_coverage option.",
        ),
    ],
)
def test_what_can_not_be_trained_says_why(texts: list[str], size: int, message: str) -> None:
    with pytest.raises(UserError) as caught:
        train(texts, size, (), "v")
    assert str(caught.value) == message
