"""Trees as drawings."""

from __future__ import annotations

import pytest

from t2t_multimodel.inspect_page.tree import drawn, read_nodes

TREE = "(S (NP XX NP) (VP XX (ADVP XX ADVP) VP) S)"


def test_words_take_the_place_of_the_leaves() -> None:
    root = read_nodes(TREE, "dogs bark again")
    assert root is not None
    subject, verb = root.children
    assert (root.label, subject.label, subject.children[0].label) == ("S", "NP", "dogs")
    assert [child.label for child in verb.children] == ["bark", "ADVP"]


def test_a_tag_stands_above_its_word() -> None:
    root = read_nodes("(NP DT NN NP)", "the dog")
    assert root is not None
    assert [(leaf.label, leaf.children[0].label) for leaf in root.children] == [
        ("DT", "the"),
        ("NN", "dog"),
    ]


def test_leaves_stay_where_words_are_not_as_many() -> None:
    root = read_nodes("(NP XX XX NP)", "dog")
    assert root is not None
    assert [leaf.label for leaf in root.children] == ["XX", "XX"]


@pytest.mark.parametrize("text", ["", "XX", "(S XX", "(S XX NP)", "(S S)", "(S XX S) (S XX S)"])
def test_what_is_no_whole_tree_is_not_drawn(text: str) -> None:
    assert read_nodes(text) is None
    assert drawn(text) is None


def test_the_drawing_is_escaped_svg_with_a_text_for_each_node() -> None:
    media = drawn("(S (NP XX NP) S)", "<b>")
    assert media is not None
    assert (media.type, media.words) == ("image/svg+xml", "tree: (S (NP XX NP) S)")
    svg = media.data.decode()
    assert svg.count("<text") == 3 and svg.count("<line") == 2
    assert "&lt;b&gt;" in svg and "<b>" not in svg
