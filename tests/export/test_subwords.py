"""The vocabulary inside of a graph is SentencePiece's, id for id and byte for byte."""

from __future__ import annotations

import random

import numpy as np
import pytest
import tensorflow as tf

from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.export.subwords import Subwords

WORDS = (
    "the quick brown foxes jump over lazy dogs Straße été naïve 中文 jumped quicker 12 3.5 (S S)"
)
ODD = [" ", "  ", "\u2581", "\ufeff", "\0", "\n", "\t", "é", "😀", "中", "\u2028", "\xa0", "\x85"]
ODD += ["XX", "(S", " (NP", "the", "<0x41>", "<unk>", "\u0301", "e\u0301", "\U0010ffff", "\x1c"]


def texts(count: int) -> list[str]:
    """Words of the vocabulary among characters of all kinds."""
    draws = random.Random(0)
    anything = [lambda: draws.choice(WORDS.split()) + " ", lambda: draws.choice(ODD)]
    anything.append(
        lambda: chr(draws.choice([draws.randrange(32, 127), draws.randrange(1, 55000)]))
    )
    return [
        "".join(draws.choice(anything)() for _ in range(draws.randrange(30))) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def tokenizer() -> SubwordTokenizer:
    lines = (" ".join(random.Random(i).choices(WORDS.split()[:12], k=6)) for i in range(300))
    return SubwordTokenizer("odd", train(lines, 420, ("XX", "(S", "S)"), "odd"))


@pytest.fixture(scope="module")
def subwords(tokenizer: SubwordTokenizer) -> Subwords:
    return Subwords(tokenizer)


@pytest.mark.parametrize("symbols", [False, True])
def test_ids_are_those_of_the_tokenizer(
    symbols: bool, tokenizer: SubwordTokenizer, subwords: Subwords
) -> None:
    lines = ["", " ", "quick  foxes", *texts(2000)]
    expected = [tokenizer.encode(line, symbols) for line in lines]
    assert subwords.encode(tf.constant(lines), symbols).to_list() == expected
    assert sum(map(len, expected)) > 20_000


def test_no_text_at_all_has_no_ids(subwords: Subwords) -> None:
    assert subwords.encode(tf.constant([], tf.string)).to_list() == []
    assert subwords.decode(tf.zeros((2, 0), tf.int32)).numpy().tolist() == [b"", b""]


def test_texts_of_any_ids_are_those_of_the_tokenizer(
    tokenizer: SubwordTokenizer, subwords: Subwords
) -> None:
    draws = np.random.default_rng(0)
    ids = draws.integers(0, tokenizer.size, (2000, 20))
    kind = draws.random(ids.shape)
    ids[kind < 0.3] = draws.integers(3, 265, ids.shape)[kind < 0.3]  # symbols and single bytes
    for i, special in enumerate((0, 1, 2)):
        ids[(kind > 0.9 + 0.03 * i) & (kind < 0.93 + 0.03 * i)] = special
    expected = [tokenizer.decode(row.tolist()) for row in ids]
    found = [text.decode() for text in subwords.decode(tf.constant(ids, tf.int32)).numpy()]
    assert found == expected
    assert sum("\ufffd" in text for text in found) > 100


def test_what_is_encoded_comes_back(tokenizer: SubwordTokenizer, subwords: Subwords) -> None:
    lines = [line.replace("\u2581", "") for line in texts(300)]
    ids = subwords.encode(tf.constant(lines)).to_tensor()
    assert [text.decode() for text in subwords.decode(ids).numpy()] == lines


def test_bytes_that_are_no_text_become_replacement_characters(subwords: Subwords) -> None:
    found = subwords.encode(tf.constant([b"a\xffb"])).to_list()
    assert found == subwords.encode(tf.constant(["a\ufffdb"])).to_list()
