"""link-parser's trees become XX bracketings over the words as written."""

from __future__ import annotations

import subprocess

import pytest

from t2t_multimodel import UserError
from tools.octet import link_grammar
from tools.octet.link_grammar import SilverTree, parse, read_tree


@pytest.mark.parametrize(
    ("line", "sentence", "words", "tree"),
    [
        (
            "(S (NP the quick.a fox.n) (VP jumps.v (PP over (NP it))) .)",
            "The quick fox jumps over it.",
            "The quick fox jumps over it .",
            "(S (NP XX XX XX NP) (VP XX (PP XX (NP XX NP) PP) VP) XX S)",
        ),
        (
            "(S (NP (NP LibreOffice{!} 's.p) Basic{!}) (VP has.v (NP 32-bit{!}.a ones.p)))",
            "LibreOffice's Basic has 32-bit ones",
            "LibreOffice 's Basic has 32-bit ones",
            "(S (NP (NP XX XX NP) XX NP) (VP XX (NP XX XX NP) VP) S)",
        ),
        (
            "(S (VP choose.v (NP a paper.n-u bag.n)) -.r now.e)",
            "Choose a paper bag - now",
            "Choose a paper bag - now",
            "(S (VP XX (NP XX XX XX NP) VP) XX XX S)",
        ),
    ],
)
def test_trees_over_the_words_as_written(line, sentence, words, tree):
    assert read_tree(line, sentence) == SilverTree(words, tree)


def test_a_tree_over_other_words_is_none():
    assert read_tree("(S (NP they) (VP danced.v))", "They dance") is None
    assert read_tree("(S (NP they))", "They dance") is None


def test_sentences_without_a_tree_are_left_out(monkeypatch):
    def run(command, input, **kwargs):
        assert command == link_grammar.COMMAND
        assert input == "They dance.\nDance they the.\nYou dance."
        out = "They dance.\n(S (NP they) (VP dance.v) .)\n\nDance they the.\nYou dance.\n"
        return subprocess.CompletedProcess(
            command, 0, out + "(S (NP you) (VP dance.v) .)\n\nBye.\n"
        )

    monkeypatch.setattr(link_grammar.subprocess, "run", run)
    tree = "(S (NP XX NP) (VP XX VP) XX S)"
    assert parse(["They dance.", "Dance they the.", "You dance."]) == {
        "They dance.": SilverTree("They dance .", tree),
        "You dance.": SilverTree("You dance .", tree),
    }


def test_a_missing_program_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(link_grammar, "COMMAND", ("no-such-program",))
    with pytest.raises(UserError) as caught:
        parse(["They dance."])
    assert str(caught.value) == (
        "link-parser was not found; it brackets the sentences of octet_parse.\n"
        "apt-get install link-grammar link-grammar-dictionaries-en"
    )
