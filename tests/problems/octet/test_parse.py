"""The trees of octet_parse are trees over their sentences."""

from __future__ import annotations

import pytest

from t2t_multimodel.problems.octet.vocabulary import LABELS, OctetVocabulary


def is_balanced(tokens):
    """Whether every bracket closes under its own label, and only the last one closes the root."""
    open_labels = []
    for i, token in enumerate(tokens):
        if token.startswith("("):
            open_labels.append(token[1:])
        elif token.endswith(")"):
            if not open_labels or open_labels.pop() != token[:-1]:
                return False
            if not open_labels and i + 1 < len(tokens):
                return False
        elif not open_labels:
            return False
    return not open_labels


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_trees_are_balanced_and_have_one_leaf_for_each_word(split, examples):
    for example in examples("octet_parse", split):
        tokens = example["targets"].split()
        assert is_balanced(tokens), example
        assert tokens[0] == "(S"
        assert tokens.count("XX") == len(example["inputs"].split()), example


def test_balance_is_told_from_imbalance():
    assert is_balanced("(S (NP XX NP) XX S)".split())
    assert not is_balanced("(S (NP XX S) NP)".split())
    assert not is_balanced("(S XX S) XX".split())
    assert not is_balanced("(S (NP XX NP)".split())


def test_the_vocabulary_has_exactly_the_symbols_that_occur(examples):
    used = {
        token
        for split in ("train", "dev", "test")
        for example in examples("octet_parse", split)
        for token in example["targets"].split()
    }
    assert used == set(OctetVocabulary.symbols)
    assert len(OctetVocabulary.symbols) == 2 * len(LABELS) + 1


def test_sentences_come_from_the_help_and_from_the_game(examples):
    trees = {example["inputs"]: example["targets"] for example in examples("octet_parse", "train")}
    assert trees["I don't speak Pygmy ."] == "(S (NP XX NP) (VP XX (VP XX (NP XX NP) VP) VP) XX S)"
    assert sum("LibreOffice" in sentence.split() for sentence in trees) > 300
