"""Linearised trees become Penn brackets again."""

from __future__ import annotations

import pytest

from t2t_multimodel.metrics.brackets import Repairs
from t2t_multimodel.metrics.penn import penn_tree


def test_a_tree_gets_its_words_back() -> None:
    text = "(S (NP DT NN NP) (VP VBZ (ADVP (ADVP RB ADVP) ADVP) VP) . S)"
    assert penn_tree(text, "The dog barks again .".split()) == (
        "(S (NP (DT The) (NN dog)) (VP (VBZ barks) (ADVP (ADVP (RB again)))) (. .))",
        Repairs(),
    )


@pytest.mark.parametrize(
    ("text", "expected", "repairs"),
    [
        ("(S XX (VP XX", "(S (XX a) (VP (XX b)))", Repairs(closes_added=2)),
        ("(S (NP XX (X XX NP) S)", "(S (NP (XX a) (X (XX b))))", Repairs(closes_added=1)),
        ("(S XX VP) XX S)", "(S (XX a) (XX b))", Repairs(closes_dropped=1)),
        ("(S (NP XX NP) S)", "(S (NP (XX a)) (XX b))", Repairs(leaves_added=1)),
        ("(S XX (NP XX XX NP) XX S)", "(S (XX a) (NP (XX b)))", Repairs(leaves_dropped=2)),
        ("(S XX S) (NP XX NP)", "(TOP (S (XX a)) (NP (XX b)))", Repairs()),
        ("XX (NP XX NP)", "(TOP (XX a) (NP (XX b)))", Repairs()),
        ("no tree", "(TOP (no a) (tree b))", Repairs()),
        ("", "(TOP (XX a) (XX b))", Repairs(leaves_added=2)),
    ],
)
def test_what_is_no_tree_is_repaired_and_told(text: str, expected: str, repairs: Repairs) -> None:
    assert penn_tree(text, ["a", "b"]) == (expected, repairs)


def test_brackets_within_words_are_escaped() -> None:
    assert penn_tree("(NP XX XX NP)", ["(", "f(x)"])[0] == "(NP (XX -LRB-) (XX f-LRB-x-RRB-))"
