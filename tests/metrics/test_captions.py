"""Metrics of captions; figures marked so are those of pycocoevalcap 1.2 on the same words."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel.metrics import captions as caption_metrics
from t2t_multimodel.metrics.cider import cider_d

TARGETS = [
    ("A man rides a horse.", "a person on a horse", "The man is riding."),
    ("two dogs play in the snow", "dogs playing outside in snow"),
    "a red ball",
]
OUTPUTS = ["a man on a horse", "Two dogs play in snow.", "a ball of red wool"]


def test_scores_are_those_of_the_coco_tools() -> None:
    assert caption_metrics.cider(TARGETS, OUTPUTS) == pytest.approx(2.8581365944050585)
    rouge = (0.8 + 0.8944281524926685 + 0.5236051502145923) / 3
    assert caption_metrics.rouge_l(TARGETS, OUTPUTS) == pytest.approx(rouge)
    assert caption_metrics.caption_bleu4(TARGETS, OUTPUTS) == pytest.approx(40.93776187468031)


def test_each_example_has_its_own_cider() -> None:
    split = [[caption_metrics.words(text) for text in texts] for texts in TARGETS[:2]]
    split.append([["a", "red", "ball"]])
    outputs = [caption_metrics.words(output) for output in OUTPUTS]
    expected = [2.55409426, 4.32076782, 1.6995477]  # of the tools
    assert cider_d(split, outputs) == pytest.approx(expected)


def test_words_are_those_of_the_treebank_without_punctuation() -> None:
    text = "A man's dog (brown) isn't here; it's -- well -- gone... \"Really?\""
    assert caption_metrics.words(text) == (
        "a man 's dog brown is n't here it 's well gone really".split()
    )


def test_a_phrase_of_all_references_tells_nothing() -> None:
    assert cider_d([[["a", "cat"]], [["a", "cat"]]], [["a", "cat"], ["a", "cat"]]) == [0.0, 0.0]


def test_repeating_a_rare_word_does_not_pay() -> None:
    references = [[["rare", "bird"]], [["grey", "cat"]]]
    once, often = (cider_d(references, [o, ["grey"]])[0] for o in (["rare"], ["rare"] * 4))
    assert 0 < often < once


def test_rouge_of_a_worked_example() -> None:
    # Longest common subsequence of 2 words: precision 2/4, recall 2/3; recall weighs 1.44.
    expected = 2.44 * (1 / 2) * (2 / 3) / (2 / 3 + 1.44 / 2)
    assert caption_metrics.rouge_l(["red big ball"], ["red ball is here"]) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("output", ["", "...", "unlike anything"])
def test_nothing_in_common_is_zero(output: str) -> None:
    for metric in (caption_metrics.cider, caption_metrics.rouge_l, caption_metrics.caption_bleu4):
        assert metric(["a cat", "grey dogs run"], [output, output]) == 0.0


def test_words_without_any_reference_are_zero() -> None:
    assert caption_metrics.rouge_l(["..."], ["a cat"]) == 0.0


def test_bleu4_is_the_score_of_sacrebleu_on_the_words_that_count() -> None:
    from sacrebleu.metrics import BLEU

    draws = np.random.default_rng(0)
    known = np.asarray("a cat and the dog sat on one small red mat".split())
    targets = [" ".join(draws.choice(known, draws.integers(4, 12))) for _ in range(30)]
    outputs = [text.rpartition(" ")[0] for text in targets]
    theirs = BLEU(tokenize="none", smooth_method="none").corpus_score(outputs, [targets]).score
    assert 0 < theirs < 100
    with_stops = [f"{text.capitalize()} ." for text in outputs]
    assert caption_metrics.caption_bleu4(targets, with_stops) == theirs
