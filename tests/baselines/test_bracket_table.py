from __future__ import annotations

from t2t_multimodel.baselines.bracket_table import BracketTable
from t2t_multimodel.metrics.brackets import read_tree

DOGS = ("the dogs bark", "(S (NP XX XX NP) (VP XX VP) S)")
GO = ("go home", "(S (VP XX (NP XX NP) VP) S)")


def table(*pairs: tuple[str, str]) -> BracketTable:
    sentences, trees = zip(*pairs, strict=True)
    return BracketTable(sentences, trees)


def test_a_sentence_of_the_training_set_gets_its_tree() -> None:
    parser = table(DOGS, GO)
    assert [parser.tree(sentence) for sentence, _ in (DOGS, GO)] == [DOGS[1], GO[1]]


def test_case_is_ignored() -> None:
    assert table(DOGS, GO).tree("The Dogs bark") == DOGS[1]


def test_unseen_words_are_known_by_their_ending() -> None:
    assert table(DOGS, GO).tree("The hogs shark") == DOGS[1]


def test_the_most_frequent_brackets_win() -> None:
    other = (GO[0], "(S XX (NP XX NP) S)")
    assert table(GO, other, GO).tree("go home") == GO[1]


def test_there_is_a_leaf_for_each_word_of_any_sentence() -> None:
    for sentence in ("", "zzz", "completely different words in a longer sentence"):
        assert read_tree(table(DOGS, GO).tree(sentence)).leaves == len(sentence.split())
