"""Text to ids and back to the same text, with symbols of their own."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.features import EOS_ID, PAD_ID

TEXTS = [f"the {c} {a} runs {n}" for c in ("red", "blue") for a in ("fox", "dog") for n in "123"]
SYMBOLS = ("XX", "(S", "S)")


@pytest.fixture(scope="module")
def tokenizer() -> SubwordTokenizer:
    return SubwordTokenizer("animals", train(TEXTS, 320, SYMBOLS, "animals"))


@pytest.mark.parametrize(
    "text",
    [
        "the red fox",
        "🦊 東京 Zoë",
        "two  blanks",
        " a blank before and after ",
        "tab\tnew\nline\r\n",
        "\x00\x01\x7f",
        "e\u0301 is not é",
        "\ufeff\u200b\u2028",
        "<unk> <pad> </s> <0x41>",
        "(S the XX S)",
        "   ",
    ],
)
def test_every_text_comes_back(tokenizer: SubwordTokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_frequent_words_are_pieces_and_rare_characters_are_bytes(
    tokenizer: SubwordTokenizer,
) -> None:
    assert len(tokenizer.encode("the red fox runs")) == 4
    assert len(tokenizer.encode("東")) == 1 + 3  # the blank before it, and its UTF-8


def test_decoding_ends_at_the_end_and_passes_over_padding(tokenizer: SubwordTokenizer) -> None:
    ids = tokenizer.encode("the fox")
    assert tokenizer.decode([*ids, EOS_ID, *ids]) == "the fox"
    assert tokenizer.decode([PAD_ID, *ids, PAD_ID, PAD_ID]) == "the fox"
    assert tokenizer.decode([]) == tokenizer.decode([EOS_ID]) == ""


def test_pieces_are_the_subwords_of_ids(tokenizer: SubwordTokenizer) -> None:
    ids = [*tokenizer.encode("the fox"), 3, EOS_ID]
    assert tokenizer.pieces(ids) == ["\u2581the", "\u2581fox", "XX", "</s>"]


def test_symbols_have_ids_of_their_own(tokenizer: SubwordTokenizer) -> None:
    assert tokenizer.symbols == {"XX": 3, "(S": 4, "S)": 5}
    fox = tokenizer.encode("the fox")
    assert tokenizer.encode("(S the fox XX S)", symbols=True) == [4, *fox, 3, 5]
    assert tokenizer.decode([4, *fox, 3, 5]) == "(S the fox XX S)"


def test_symbols_at_the_ends_and_alone_come_back(tokenizer: SubwordTokenizer) -> None:
    for text in ("XX", "XX XX", "fox XX", "XX fox", "fox"):
        assert tokenizer.decode(tokenizer.encode(text, symbols=True)) == text


def test_ordinary_text_never_becomes_a_symbol(tokenizer: SubwordTokenizer) -> None:
    ids = tokenizer.encode("(S the XX S)")
    assert not {*tokenizer.symbols.values(), PAD_ID, EOS_ID} & {*ids}
    assert not {PAD_ID, EOS_ID} & {*tokenizer.encode("<pad></s>", symbols=True)}


def test_the_identity_tells_vocabularies_of_one_size_apart(tokenizer: SubwordTokenizer) -> None:
    name, size, digest = tokenizer.identity.split("-")
    assert (name, int(size), len(digest)) == ("animals", tokenizer.size, 8)
    other = SubwordTokenizer("animals", train([*TEXTS, "zebra zebras"], 319, SYMBOLS, "animals"))
    assert other.size == tokenizer.size
    assert other.identity != tokenizer.identity


def test_spelling_joins_to_the_bytes_of_the_text(tokenizer: SubwordTokenizer) -> None:
    spelling = tokenizer.spelling()
    assert spelling.dtype == np.uint8
    assert len(spelling) == tokenizer.size
    text = "the fox says Zo\u00eb \U0001f98a"
    joined = b"".join(bytes(spelling[i]).rstrip(b"\0") for i in tokenizer.encode(text))
    assert joined == f" {text}".encode()
    for reserved in (PAD_ID, EOS_ID, *tokenizer.symbols.values()):
        assert not spelling[reserved].any()
