"""Sentences of two languages are put side by side, and split without leaks."""

from __future__ import annotations

from t2t_multimodel.problems.corpora.libreoffice import HelpBlock, split_of_page
from t2t_multimodel.problems.formats.alignment import (
    Pair,
    Triple,
    align,
    is_clean,
    join,
    sentences,
    split_by_page,
)


def page(*texts):
    return {"x": [HelpBlock("p", text) for text in texts]}


def pairs(first, second):
    return [(pair.first, pair.second) for pair in align(page(*first), page(*second))]


def test_sentences_end_before_a_capital_or_a_quote():
    assert sentences("See e.g. this. Über it! «Oui.» 3.5 is not. it") == [
        "See e.g. this.",
        "Über it!",
        "«Oui.» 3.5 is not. it",
    ]


def test_equally_many_sentences_are_paired_in_order():
    assert pairs(["You see it. He sees it too."], ["Du siehst es hier. Er sieht es auch."]) == [
        ("You see it.", "Du siehst es hier."),
        ("He sees it too.", "Er sieht es auch."),
    ]


def test_otherwise_the_blocks_are_paired():
    first, second = "You see it and he too.", "Du siehst es. Er auch."
    assert pairs([first], [second]) == [(first, second)]


def test_short_equal_odd_and_template_lines_are_dropped():
    assert pairs(["Two words"], ["Zwei Worte"]) == []
    assert pairs(["The same in both"], ["The same in both"]) == []
    assert pairs(["A very long sentence of so many words"], ["Hier ganz kurz"]) == []
    assert pairs(["Title is: a page"], ["Title is: eine Seite"]) == []
    assert pairs([""], ["Text in einer Sprache"]) == []


def test_pages_with_other_blocks_are_dropped():
    first = {"x": [HelpBlock("p", "You see it.")]}
    second = {"x": [HelpBlock("h1", "Du siehst es.")], "y": [HelpBlock("p", "Nur hier hier.")]}
    assert list(align(first, second)) == []


def test_triples_share_the_english_sentence_of_one_page():
    en_de = [Pair("a", "One two three", "eins"), Pair("b", "One two three", "EINS")]
    en_fr = [Pair("a", "One two three", "un"), Pair("c", "One two three", "UN")]
    assert list(join(en_de, en_fr)) == [Triple("a", "One two three", "eins", "un")]


def test_clean_is_4_to_25_words_of_letters():
    words = "one two three four"
    assert is_clean(Triple("a", words, words, words))
    assert not is_clean(Triple("a", "one two three", words, words))
    assert not is_clean(Triple("a", words, " ".join(["w"] * 26), words))
    assert not is_clean(Triple("a", words, words, "=A1:B2 + 17 returns 42"))


def pages_of(split, n):
    return [name for name in (f"p{i}" for i in range(500)) if split_of_page(name) == split][:n]


def test_what_train_knows_is_dropped_from_test_and_dev():
    (train,), (test,), (dev,) = pages_of("train", 1), pages_of("test", 1), pages_of("dev", 1)
    rows = [
        Pair(test, "A new one", "Eine neue"),
        Pair(test, "a known ONE!", "Anders"),
        Pair(test, "Other words", "eine bekannte..."),
        Pair(train, "A known one.", "Eine bekannte."),
        Pair(train, "A known one.", "Eine bekannte."),
        Pair(dev, "A new one?", "Noch eine"),
        Pair(dev, "Eine neue", "A new one"),
    ]
    assert split_by_page(rows) == {
        "train": [rows[3]],
        "dev": [rows[6]],  # the same words in the other language are not the same sentence
        "test": [rows[0]],
    }
