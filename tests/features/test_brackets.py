import numpy as np
import pytest

from t2t_multimodel import registry
from t2t_multimodel.features import Brackets, Text


class Letters:
    """A vocabulary of a few symbols and pieces."""

    size, identity = 12, "letters"
    symbols = {"XX": 2, "(S": 3, "S)": 4, "(NP": 5, "NP)": 6, "(VP": 7, ",": 8}
    pieces = (b"", b"", b"XX", b"(S", b"S)", b"(NP", b"NP)", b"(VP", b",", b" dog", b"s", b" a b ")

    def spelling(self):
        return np.array([list(piece.ljust(5, b"\0")) for piece in self.pieces], np.uint8)

    def encode(self, text, symbols=False):
        raise NotImplementedError

    decode = encode


def test_symbols_have_roles_and_pieces_have_none():
    tables = Brackets().tables(Letters(), Letters())
    assert tables.opens_V.tolist() == [-1, -1, -1, 1, -1, 0, -1, -1, -1, -1, -1, -1]
    assert tables.closes_V.tolist() == [-1, -1, -1, -1, 1, -1, 0, -1, -1, -1, -1, -1]
    assert np.flatnonzero(tables.leaf_V).tolist() == [2, 8]


def test_a_label_that_can_not_be_closed_is_not_opened():
    assert Brackets().tables(Letters(), Letters()).opens_V[7] == -1


def test_words_begin_after_blanks():
    tables = Brackets().tables(Letters(), Letters())
    assert tables.words_inside_U[[0, 9, 10, 11]].tolist() == [0, 1, 0, 2]
    assert tables.word_at_once_U[[0, 9, 10, 11]].tolist() == [False, False, True, False]
    assert tables.blank_behind_U[[0, 9, 10, 11]].tolist() == [False, False, False, True]


def test_another_way_of_writing_overrides_the_role():
    class Square(Brackets):
        def role(self, symbol):
            return None if symbol == "," else super().role(symbol)

    assert np.flatnonzero(Square().tables(Letters(), Letters()).leaf_V).tolist() == [2]


def test_a_grammar_does_not_change_what_records_hold():
    plain = Text(vocab="words", symbols=True)
    assert repr(Text(vocab="words", symbols=True, grammar=Brackets())) == repr(plain)


@pytest.mark.parametrize("name", ["octet_parse", "wsj_parse", "wsj_parse_tags"])
def test_problems_of_parsing_declare_it(name):
    assert registry.problems.get(name)().targets.grammar == Brackets()


@pytest.mark.parametrize(
    ("tree", "sentence", "shown"),
    [
        (
            "(S (NP XX NP) (VP XX VP) XX S)",
            "They dance .",
            "(S (NP They) (VP dance) .)",
        ),
        ("(S (NP DT NN NP) , S)", "the dog ,", "(S (NP (DT the) (NN dog)) (, ,))"),
        ("(S XX S)", "two words", "(S XX S)"),
        ("(S XX XX S)", "word", "(S XX XX S)"),
        ("(S XX NP)", "word", "(S XX NP)"),
        ("(S XX", "word", "(S XX"),
        ("(S XX S) S)", "word", "(S XX S) S)"),
    ],
)
def test_words_take_the_place_of_leaves_where_they_fit(tree, sentence, shown):
    assert Brackets().with_words(tree, sentence) == shown
    assert Text(symbols=True, grammar=Brackets()).beside(tree, sentence) == shown
    assert Text(symbols=True).beside(tree, sentence) == tree
