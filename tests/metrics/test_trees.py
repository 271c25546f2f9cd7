"""Metrics of trees, against the program whose rules they follow."""

from __future__ import annotations

import re

import pytest

from t2t_multimodel.metrics import trees as tree_metrics
from t2t_multimodel.metrics.trees import bracket_counts

TREE = "(S (NP XX XX NP) (VP XX (NP XX NP) VP) S)"


def linear(bracketed: str) -> str:
    """(S (A (P this)) (Q is)) to (S (A P A) Q S): a word is its tag."""
    words: list[str] = []
    open_: list[str] = []
    tags = re.sub(r"\((\S+) [^\s()]+\)", r" \1 ", bracketed)
    for token in re.findall(r"\(\S+|\)|[^\s()]+", tags):
        if token.startswith("("):
            open_.append(token[1:])
        words.append(f"{open_.pop()})" if token == ")" else token)
    return " ".join(words)


# The sample that comes with EVALB (Sekine and Collins 1997; Ellis 2006; in the public domain):
# the target of all but the last four, the outputs, and what the program prints of them as
# matched, gold and test brackets. It leaves out what has other words; that is no case here.
GOLD = "(S (A (P this)) (B (Q is) (A (R a) (T test))))"
EVALB = {
    GOLD: (4, 4, 4),
    "(S (A (P this)) (B (Q is) (C (R a) (T test))))": (3, 4, 4),
    "(S (A (P this)) (B (Q is) (A (R a) (U test))))": (4, 4, 4),
    "(S (C (P this)) (B (Q is) (A (R a) (U test))))": (3, 4, 4),
    "(S (A (P this)) (B (Q is) (R a) (A (T test))))": (3, 4, 4),
    "(S (A (P this) (Q is)) (A (R a) (T test)))": (2, 4, 3),
    "(S (P this) (Q is) (R a) (T test))": (1, 4, 1),
    "(P this) (Q is) (R a) (T test)": (0, 4, 0),
    "(S (A (P this)) (B (Q is) (A (A (R a) (T test)))))": (4, 4, 5),
    "(S (A (P this)) (B (Q is) (A (A (A (A (A (R a) (T test))))))))": (4, 4, 8),
    "(TOP (S (A (P this)) (B (Q is) (A (R a) (T test)))))": (4, 4, 4),
    "(S (A (P this)) (B (Q is) (A (R a) (TT test))))": (4, 4, 4),
}
LONG = "(S " + " ".join(["(A (P this)) (B (Q is) (A (R a) (T test)))"] * 11) + ")"
EVALB_PAIRS = [
    ("(S (A-SBJ-1 (P this)) (B-WHATEVER (Q is) (A (R a) (T test))))", GOLD, (4, 4, 4)),
    (LONG, LONG, (34, 34, 34)),
    (f"{GOLD[:-1]} (-NONE- *))", f"{GOLD[:-1]} (-NONE- *))", (4, 4, 4)),
    (f"{GOLD[:-1]} (: *))", f"{GOLD[:-1]} (: *))", (4, 4, 4)),
]


@pytest.mark.parametrize(
    ("gold", "output", "counts"),
    [*((GOLD, output, counts) for output, counts in EVALB.items()), *EVALB_PAIRS],
)
def test_brackets_are_counted_as_by_evalb(
    gold: str, output: str, counts: tuple[int, int, int]
) -> None:
    assert bracket_counts(linear(gold), linear(output)) == counts


def test_the_sums_of_evalbs_sample_give_its_summary() -> None:
    cases = [*((GOLD, o) for o in EVALB), *((gold, output) for gold, output, _ in EVALB_PAIRS)]
    targets = [linear(gold) for gold, _ in cases] + [linear(GOLD)]
    outputs = [linear(output) for _, output in cases] + [linear(GOLD)]  # its sample has it twice
    assert tree_metrics.bracket_recall(targets, outputs) == pytest.approx(86 / 98)  # 87.76
    assert tree_metrics.bracket_precision(targets, outputs) == pytest.approx(86 / 95)  # 90.53
    assert tree_metrics.bracket_exact(targets, outputs) == pytest.approx(9 / 17)  # 52.94


def test_punctuation_is_taken_out_where_the_target_has_it() -> None:
    target = linear("(S (NP (DT The) (NN dog) (, ,)) (VP (VBZ barks)) (. .))")
    assert bracket_counts(target, "(S (NP XX XX NP) XX (VP XX VP) XX S)") == (3, 3, 3)
    assert bracket_counts(target, "(S (NP XX XX NP) (VP XX XX VP) XX S)") == (3, 3, 3)
    assert bracket_counts(target, "(S (NP XX XX NP) (PP XX PP) (VP XX XX VP) S)") == (3, 3, 3)
    unknown = re.sub(r"(?<!\S)[^\s()]+(?!\S)", "XX", target)
    assert bracket_counts(unknown, "(S (NP XX XX NP) XX (VP XX VP) XX S)") == (2, 3, 3)


def test_constituents_of_traces_alone_are_taken_out() -> None:
    reported = "(VP (VBD reported) (SBAR (-NONE- 0) (S (-NONE- *T*-1))))"
    assert bracket_counts(linear(reported), linear(reported)) == (1, 1, 1)


def test_particles_are_adverbs_and_functions_are_cut_off() -> None:
    assert bracket_counts("(S (PRT XX PRT) S)", "(S (ADVP XX ADVP) S)") == (2, 2, 2)
    assert bracket_counts("(S (NP=2 XX NP=2) S)", "(S (NP-SBJ XX NP-SBJ) S)") == (2, 2, 2)


def test_an_output_of_another_length_is_scored_over_the_words_that_there_are() -> None:
    short, long = "(S (NP XX XX NP) (VP XX VP) S)", "(S (NP XX XX NP) (VP XX (NP XX XX NP) VP) S)"
    assert bracket_counts(TREE, short) == (2, 4, 3)  # S over all four words, VP over one
    assert bracket_counts(TREE, long) == (4, 4, 4)
    assert tree_metrics.well_formed([TREE] * 3, [short, long, TREE]) == pytest.approx(1 / 3)


def test_precision_and_recall_of_a_worked_example() -> None:
    output = "(S (NP XX XX NP) XX XX S)"
    assert tree_metrics.bracket_precision([TREE], [output]) == 1.0
    assert tree_metrics.bracket_recall([TREE], [output]) == 0.5
    assert tree_metrics.bracket_exact([TREE, TREE], [output, TREE]) == 0.5


def test_bracket_f1_of_a_worked_example() -> None:
    # Found: S right, NP right, NP 2-4 wrong. 2 of 3 found, 2 of 4 expected.
    output = "(S (NP XX XX NP) (NP XX XX NP) S)"
    assert tree_metrics.bracket_f1([TREE], [output]) == pytest.approx(2 * 2 / (3 + 4))


def test_bracket_f1_sums_over_the_split() -> None:
    outputs = [TREE, "(NP XX NP)"]
    assert tree_metrics.bracket_f1([TREE, "(S XX S)"], outputs) == pytest.approx(4 / 5)


def test_brackets_are_matched_as_multisets() -> None:
    target, output = "(S (NP XX NP) S)", "(S (NP (NP (NP XX NP) NP) NP) S)"
    assert tree_metrics.bracket_f1([target], [output]) == pytest.approx(2 * 2 / (2 + 4))
    assert tree_metrics.bracket_f1([output], [output]) == 1.0


def test_empty_brackets_do_not_count() -> None:
    assert tree_metrics.bracket_f1(["(S XX S)"], ["(S (NP NP) XX S)"]) == 1.0


def test_malformed_outputs_are_repaired_and_scored() -> None:
    assert tree_metrics.bracket_f1([TREE], ["(S (NP XX XX (VP XX (NP XX S)"]) == pytest.approx(
        2 * 3 / 8
    )
    outputs = [TREE, TREE[:-3], TREE.replace("XX", "XX XX", 1), ""]
    assert tree_metrics.well_formed([TREE] * 4, outputs) == 0.25


def test_outputs_without_any_bracket_score_zero() -> None:
    assert tree_metrics.bracket_f1(["(S XX S)"], ["XX"]) == 0.0
    assert tree_metrics.bracket_f1([""], [""]) == 0.0
