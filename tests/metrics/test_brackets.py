from __future__ import annotations

import pytest

from t2t_multimodel.metrics.brackets import between_leaves, read_tree

TREE = "(S (NP XX XX NP) (VP XX (NP XX NP) VP) S)"


def test_brackets_have_label_start_and_end() -> None:
    tree = read_tree(TREE)
    assert tree.brackets == (("NP", 0, 2), ("NP", 3, 4), ("VP", 2, 4), ("S", 0, 4))
    assert tree.leaves == 4
    assert tree.well_formed


def test_empty_brackets_are_dropped() -> None:
    tree = read_tree("(S (NP NP) XX S)")
    assert tree.brackets == (("S", 0, 1),)
    assert tree.well_formed


@pytest.mark.parametrize(
    ("malformed", "repaired"),
    [
        pytest.param("(S (NP XX NP) (VP XX", "(S (NP XX NP) (VP XX VP) S)", id="left open"),
        pytest.param("(S (NP XX (PP XX NP) XX S)", "(S (NP XX (PP XX PP) NP) XX S)", id="inner"),
        pytest.param("(S XX VP) XX S) NP)", "(S XX XX S)", id="never opened"),
        pytest.param("(S XX S) (NP XX NP)", "(S XX S) (NP XX NP)", id="two roots"),
        pytest.param("XX (S XX S)", "XX (S XX S)", id="leaf before the root"),
        pytest.param("(S XX S) XX", "(S XX S) XX", id="leaf after the root"),
        pytest.param("(S S)", "", id="no leaf"),
        pytest.param("XX", "XX", id="no bracket"),
    ],
)
def test_what_is_no_tree_is_repaired_and_said_to_be_malformed(
    malformed: str, repaired: str
) -> None:
    assert read_tree(malformed).brackets == read_tree(repaired).brackets
    assert not read_tree(malformed).well_formed


def test_words_that_only_look_like_brackets_are_leaves() -> None:
    assert read_tree("(S ( ) (a) S)").leaves == 3


def test_gaps_are_one_more_than_leaves() -> None:
    assert between_leaves(TREE) == ["(S (NP", "", "NP) (VP", "(NP", "NP) VP) S)"]
    assert between_leaves("") == [""]
