"""Text: strings to ids and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from t2t_multimodel import Text
from t2t_multimodel.features import EOS_ID, PAD_ID, BadValue, Signature


class Letters:
    """A vocabulary of letters: a is 3, b is 4, ..."""

    size = 40
    identity = "letters-40-0"

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        return [ord(c) - ord("a") + 3 + (20 if symbols else 0) for c in text]

    def decode(self, ids: list[int]) -> str:
        end = ids.index(EOS_ID) if EOS_ID in ids else len(ids)
        return "".join(chr(i - 3 + ord("a")) for i in ids[:end] if i != PAD_ID)


def test_a_text_is_its_ids_and_the_end() -> None:
    array = Text().encode("abc", Letters())
    assert array.tolist() == [3, 4, 5, EOS_ID]
    assert array.dtype == np.int32
    assert Text().length(array) == 4


def test_symbols_are_asked_for_when_declared() -> None:
    assert Text(symbols=True).encode("a", Letters()).tolist() == [23, EOS_ID]


def test_padding_and_the_end_do_not_show() -> None:
    assert Text().decode(np.array([3, 4, EOS_ID, 9, 0, 0], np.int32), Letters()) == "ab"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "text must be a str, but is NoneType"),
        (3, "text must be a str, but is int"),
        (b"abc", "text must be a str, but is bytes"),
        ("", "text is empty"),
        (" \n\t", "text is empty"),
    ],
)
def test_what_is_no_text_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        Text().encode(value, Letters())
    assert str(caught.value) == reason


def test_the_vocabulary_is_the_named_one_or_the_problems_own() -> None:
    assert Text(vocab="octet").vocabulary("mine") == "octet"
    assert Text().vocabulary("mine") == "mine"


def test_the_net_is_known_by_the_vocabularys_identity() -> None:
    signature = Text(max_length=9).signature("mine", Letters())
    assert signature == Signature("text", "text/letters-40-0", 40, (None,), 9, "int32")
    assert Text().signature("other", Letters()).identity == signature.identity


def test_listings_name_the_vocabulary() -> None:
    assert (Text().describe(), Text(vocab="octet").describe()) == ("Text", "Text(octet)")


ABC = np.array([3, EOS_ID, 4, 4, EOS_ID, 5, EOS_ID], np.int32)
"""The texts a, bb and c."""


def test_several_texts_are_kept_one_after_the_other() -> None:
    feature = Text(several=True)
    assert feature.encode(["a", "bb", "c"], Letters()).tolist() == ABC.tolist()
    assert feature.length(ABC) == 3
    assert feature.references(ABC, Letters()) == ("a", "bb", "c")
    assert feature.model_input(ABC).tolist() == [3, EOS_ID]
    assert feature.decode(ABC, Letters()) == "a"


def test_training_sees_each_of_several_texts() -> None:
    draws = np.random.default_rng(0)
    seen = [tuple(Text(several=True).augment(ABC, draws)) for _ in range(30)]
    assert set(seen) == {(3, EOS_ID), (4, 4, EOS_ID), (5, EOS_ID)}
    assert seen.count((4, 4, EOS_ID)) > 3


def test_a_single_text_is_its_only_reference() -> None:
    array = np.array([3, 4, EOS_ID], np.int32)
    assert Text().references(array, Letters()) == ("ab",)
    assert Text().augment(array, np.random.default_rng(0)) is array
    assert Text().model_input(array) is array


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("abc", "several texts must be a list of str, but are 'abc'"),
        ([], "several texts must be a list of str, but are []"),
        (["a", ""], "text is empty"),
        (["a", 3], "text must be a str, but is int"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as caught:
        Text(several=True).encode(value, Letters())
    assert str(caught.value) == reason


def test_several_texts_make_other_records_but_a_single_one_does_not() -> None:
    assert repr(Text(vocab="a")) == "Text(vocab='a', max_length=256, symbols=False)"
    assert repr(Text(several=True)) == (
        "Text(vocab=None, max_length=256, symbols=False, several=True)"
    )
