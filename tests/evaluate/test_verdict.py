"""The verdict of a problem: its loss and its first metric beside the same baselines."""

from __future__ import annotations

import math

import pytest

from t2t_multimodel.evaluate.verdict import Verdict, judge

LOSS, BLEU = "teacher_forced/log_ppl", "decoded/bleu"
BLIND = {LOSS: 2.5, BLEU: 1.0, "decoded/wer": 0.9, "top1": 0.5, "log_ppl": 1.0}


def judged(loss: tuple[float, float], bleu: tuple[float, float], bar: float = 10.0) -> Verdict:
    return judge({LOSS: loss, BLEU: bleu}, BLEU, BLIND, {BLEU: bar})


@pytest.mark.parametrize(
    ("loss", "bleu", "learned"),
    [
        ((2.0, 2.4), (5.0, 7.0), "yes"),
        ((2.6, 2.7), (0.5, 0.9), "no"),
        ((2.4, 2.6), (0.5, 1.5), "not sure"),
        ((2.0, 2.4), (0.5, 1.5), "nats yes, bleu not sure"),
        ((2.0, 2.4), (1.0, 1.0), "nats yes, bleu no"),
        ((2.5, 2.6), (5.0, 7.0), "nats no, bleu yes"),
        ((math.nan, math.nan), (5.0, 7.0), "nats no, bleu yes"),
    ],
)
def test_a_problem_is_learned_only_where_loss_and_metric_agree(
    loss: tuple[float, float], bleu: tuple[float, float], learned: str
) -> None:
    assert judged(loss, bleu).learned == learned


def test_an_error_rate_is_above_where_it_is_lower() -> None:
    found = judge({LOSS: (2.0, 2.4), "decoded/wer": (0.7, 0.8)}, "decoded/wer", BLIND, None)
    assert (found.metric_above, found.learned, found.above_classical) == ("yes", "yes", "not known")


def test_the_classical_bar_is_a_verdict_of_its_own() -> None:
    bars = {4.0: "yes", 6.0: "not sure", 8.0: "no"}
    found = {bar: judged((2.0, 2.4), (5.0, 7.0), bar) for bar in bars}
    assert {bar: one.above_classical for bar, one in found.items()} == bars
    assert {one.learned for one in found.values()} == {"yes"}


def test_what_was_not_decoded_is_said() -> None:
    found = judge({LOSS: (2.0, 2.4)}, BLEU, BLIND, {BLEU: 10.0})
    assert found.learned == "nats yes, bleu not decoded"
    assert found.above_classical == "not known"


def test_a_problem_without_metrics_has_its_loss_alone() -> None:
    assert judge({LOSS: (2.0, 2.4)}, "", BLIND, None).learned == "nats yes, no metric"


def test_classes_are_judged_by_top1() -> None:
    intervals = {"log_ppl": (0.5, 0.6), "top1": (0.6, 0.7), "top5": (0.9, 1.0)}
    found = judge(intervals, "top1", BLIND, {"top1": 0.65})
    assert (found.loss, found.learned, found.above_classical) == ("log_ppl", "yes", "not sure")


def test_values_are_judged_by_their_loss() -> None:
    intervals = {"loss/squared_error": (0.1, 0.2), "decoded/my_r2": (0.5, 0.6)}
    blind = {"loss/squared_error": 0.3}
    found = judge(intervals, "", blind, {"loss/squared_error": 0.05})
    assert (found.learned, found.above_classical) == ("squared_error yes, no metric", "no")
