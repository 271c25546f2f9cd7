from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from t2t_multimodel import registry
from t2t_multimodel.errors import UserError
from t2t_multimodel.metrics import text as metrics

BUILT_IN = [
    *("bleu", "bracket_exact", "bracket_f1", "bracket_precision", "bracket_recall"),
    *("caption_bleu4", "cer", "chrf", "cider", "exact", "rouge_l", "top1", "top5"),
    *("well_formed", "wer"),
]


def test_all_are_found_by_name() -> None:
    assert set(BUILT_IN) <= set(registry.metrics.names())
    assert registry.metrics.get("wer") is metrics.wer


@pytest.mark.parametrize("name", [name for name in BUILT_IN if not name.startswith("top")])
def test_a_perfect_output_has_the_best_score(name: str) -> None:
    texts = ["(S a small (NP cat NP) sat S)", "(S on the (NP old mat NP) today S)"]
    percent = ("bleu", "chrf", "caption_bleu4")
    best = {"wer": 0.0, "cer": 0.0, "cider": 10.0, **dict.fromkeys(percent, 100.0)}.get(name, 1.0)
    assert registry.metrics.get(name)(texts, texts) == pytest.approx(best)


def test_top1_and_top5_look_at_the_first_ranks() -> None:
    ranking = np.asarray([3, 1, 4, 0, 5, 2], np.int32)
    assert metrics.top1([3, 1, 2], [ranking] * 3) == pytest.approx(1 / 3)
    assert metrics.top5([3, 1, 2], [ranking] * 3) == pytest.approx(2 / 3)


def test_bleu_of_a_worked_example() -> None:
    # 6 words against 6: 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples match.
    target, output = "the cat sat on the mat", "the dog sat on the mat"
    expected = 100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert metrics.bleu([target], [output]) == pytest.approx(expected)


def test_bleu_punishes_what_is_too_short_by_the_whole_corpus() -> None:
    targets, outputs = ["a b c d e f", "g h i j"], ["a b c d", "g h i j"]
    assert metrics.bleu(targets, outputs) == pytest.approx(100 * np.exp(1 - 10 / 8))


def test_of_several_references_any_may_match() -> None:
    targets = [("the cat sat on the mat", "a cat is on the mat"), "dogs run fast now"]
    outputs = ["a cat is on the mat", "dogs run fast now"]
    for metric, best in ((metrics.bleu, 100.0), (metrics.chrf, 100.0), (metrics.exact, 1.0)):
        assert metric(targets, outputs) == pytest.approx(best)
    assert metrics.wer(targets, outputs) == pytest.approx(2 / 10)  # of the first alone
    assert "nrefs:2|" in metrics.signature("bleu", 2)


def test_sums_of_sentences_give_the_score_of_sacrebleu() -> None:
    from sacrebleu.metrics import BLEU, CHRF

    draws = np.random.default_rng(0)
    words = np.asarray("a cat and the dog sat on one small red mat".split())
    texts = [" ".join(draws.choice(words, draws.integers(1, 12))) for _ in range(60)]
    targets, outputs = texts[:30], texts[30:]
    assert metrics.bleu(targets, outputs) == BLEU().corpus_score(outputs, [targets]).score
    assert metrics.chrf(targets, outputs) == CHRF().corpus_score(outputs, [targets]).score


def test_chrf_of_a_worked_example() -> None:
    # "abc" against "abd": 2 of 3 characters, 1 of 2 pairs, 0 of 1 triples; no longer n-grams.
    # Precision equals recall in each, so every F2 is the share itself.
    assert metrics.chrf(["abc"], ["abd"]) == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3)


def test_signatures_name_everything_that_changes_a_score() -> None:
    pattern = r"nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version:\d+\.\d+\.\d+"
    assert re.fullmatch(pattern, metrics.signature("bleu"))
    assert metrics.signature("chrf").startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|")


def test_wer_and_cer_divide_all_edits_by_all_of_the_references() -> None:
    targets, outputs = ["one two three four", "five"], ["one too four", "five six"]
    # too for two, three left out, six put in: 3 edits over 5 words.
    assert metrics.wer(targets, outputs) == pytest.approx(3 / 5)
    assert metrics.cer(["abc de"], ["abd  de "]) == pytest.approx(1 / 6)


def test_case_and_punctuation_count_in_wer() -> None:
    assert metrics.wer(["Go now."], ["go now"]) == 1.0


@pytest.mark.parametrize("metric", [metrics.wer, metrics.cer])
def test_error_rates_of_empty_references(metric: Callable[..., float]) -> None:
    assert metric(["", "a"], ["b", "a"]) == 1.0  # one insertion over one word
    assert metric([""], [""]) == 0.0
    assert metric([""], ["x y"]) == 1.0
    assert metric(["a"], [""]) == 1.0


def test_exact_ignores_whitespace_alone() -> None:
    assert metrics.exact(["a b", "a b", "a b"], [" a  b", "a B", "ab"]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_examples_or_unequal_numbers_are_refused(name: str) -> None:
    metric = registry.metrics.get(name)
    with pytest.raises(ValueError, match="but got 0 targets and 0 outputs"):
        metric([], [])
    with pytest.raises(ValueError, match="but got 2 targets and 1 outputs"):
        metric(["a", "b"], ["a"])


def test_which_scores_are_better_when_lower() -> None:
    lower = ["log_ppl", "teacher_forced/log_ppl", "decoded/wer", "decoded/cer"]
    higher = [
        "top1",
        "teacher_forced/accuracy",
        "teacher_forced/sequence_accuracy",
        "decoded/bleu",
        "decoded/bracket_f1",
    ]
    assert [metrics.is_lower_better(score) for score in lower] == [True] * 4
    assert [metrics.is_lower_better(score) for score in higher] == [False] * 5


def test_an_unknown_score_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match="No metric is named 'blue'. Did you mean 'bleu'?"):
        metrics.is_lower_better("decoded/blue")
