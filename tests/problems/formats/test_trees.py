"""Penn trees: reading, cleaning, linearising."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.trees import (
    PennTree,
    cleaned,
    linearised,
    read_t2t_pair,
    read_trees,
    t2t_tags,
)

GOLDEN = json.loads((ROOT / "tests" / "golden" / "11_wsj_trees.json").read_text())["cases"]
DOG = "(S (NP (DT The) (NN dog)) (VP (VBZ barks)))"


def read(text: str) -> PennTree:
    ((tree, _),) = read_trees(text.split("\n"), "made")
    return tree


def clean(text: str) -> str:
    return str(cleaned(read(text)))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["words"])
def test_golden_linearisations_agree(case: dict[str, str]) -> None:
    tree = read(case["tree"])
    assert tree.words() == case["words"]
    assert t2t_tags(tree) == case["tags"]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["words"])
def test_a_pair_of_words_and_tags_is_the_tree_again(case: dict[str, str]) -> None:
    again = read_t2t_pair(case["words"], case["tags"])
    assert again == PennTree("", read(case["tree"]).children)


def test_trees_may_span_lines_and_share_them() -> None:
    lines = ["", "( (S", "  (NP (PRP We))", "(VP (VBP go))))  (TOP", " (X (UH Yes)))", DOG]
    found = list(read_trees(lines, "a.mrg"))
    assert [str(tree) for tree, _ in found] == [
        "( (S (NP (PRP We)) (VP (VBP go))))",
        "(TOP (X (UH Yes)))",
        DOG,
    ]
    assert [origin for _, origin in found] == ["a.mrg:2", "a.mrg:4", "a.mrg:6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(S (NN a))\nword", "made:2: 'word' is outside of every tree."),
        ("(S (NN a)))", "made:1: ')' is outside of every tree."),
        ("\n(S\n(NN a)", "made:2: the tree that begins here lacks 1 closing brackets."),
        (
            "(S\n(NN a b))",
            "made:2: a bracket holds NN a b and 0 trees, "
            "not a label with trees or a tag with a word.",
        ),
        (
            "(S (NP))",
            "made:1: a bracket holds NP and 0 trees, not a label with trees or a tag with a word.",
        ),
        (
            "(S (NP the (NN dog)))",
            "made:1: a bracket holds NP the and 1 trees, "
            "not a label with trees or a tag with a word.",
        ),
        (
            "(S ((NN dog)))",
            "made:1: a bracket holds no label and 1 trees, "
            "not a label with trees or a tag with a word.",
        ),
        ("(X " * 301, "made:1: more than 300 brackets are open."),
    ],
)
def test_what_is_no_tree_is_refused_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        list(read_trees(text.split("\n"), "made"))
    assert caught.value.message == message


def test_traces_go_and_constituents_that_held_nothing_else() -> None:
    assert (
        clean("( (S (NP-SBJ (-NONE- *)) (VP (VB Go) (SBAR (-NONE- 0) (S (-NONE- *T*-1))))))")
        == "(S (VP (VB Go)))"
    )


def test_a_tree_of_traces_alone_is_nothing() -> None:
    assert cleaned(read("( (S (NP (-NONE- *)) (VP (-NONE- *?*))))")) is None


def test_labels_lose_functions_indices_and_alternatives() -> None:
    tree = "(S-TPC-1 (NP-SBJ=2 (NN|JJ one)) (PRT|ADVP (RP up)) (-LRB- -LRB-) (-RRB- -RRB-))"
    assert clean(tree) == "(S (NP (NN one)) (PRT (RP up)) (-LRB- -LRB-) (-RRB- -RRB-))"


def test_words_keep_their_marks() -> None:
    assert clean("(NP (NN a-b=c|d) (: --))") == "(NP (NN a-b=c|d) (: --))"


def test_blanks_inside_of_a_word_become_underlines() -> None:
    assert clean("(NP (NN Xpd\u2009TTD) (SYM \u2009))") == "(NP (NN Xpd_TTD) (SYM _))"


@pytest.mark.parametrize("outer", ["", "TOP", "ROOT", "S1"])
def test_the_outer_node_goes_if_it_has_one_constituent(outer: str) -> None:
    assert clean(f"({outer} {DOG})") == DOG
    assert clean(f"({outer} {DOG} (. .))") == f"(TOP {DOG} (. .))"
    assert clean(f"({outer} (NN dog))") == "(TOP (NN dog))"


def test_unary_chains_stay() -> None:
    assert clean("( (NP (NP-1 (-NONE- *)) (NP (NN dog))))") == "(NP (NP (NN dog)))"


def test_trees_are_written_with_labels_at_both_brackets() -> None:
    assert linearised(read(DOG)) == "(S (NP XX XX NP) (VP XX VP) S)"
    assert linearised(read(DOG), ["DT", "VBZ"]) == "(S (NP DT XX NP) (VP VBZ VP) S)"


@pytest.mark.parametrize(
    ("words", "tags", "message"),
    [
        ("a", "S NN NN /S", "there are 1 words, but 2 tags"),
        ("a", "S NP NN /S /NP", "/S closes NP"),
        ("a", "NP NN /NP /NP", "/NP closes nothing"),
        ("a", "S NN NP /NP /S", "/NP closes NP"),
        ("a", "S S NN /S", "S is not closed"),
    ],
)
def test_a_pair_that_does_not_match_is_refused(words: str, tags: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_t2t_pair(words, tags)


def test_a_slash_may_be_a_tag() -> None:
    tree = read("( (NP (NN and) (/ /) (CC or)))")
    assert read_t2t_pair(tree.words(), t2t_tags(tree)) == tree
