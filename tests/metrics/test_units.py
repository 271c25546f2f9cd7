"""What each score is measured in, and in which direction it is better."""

from __future__ import annotations

import pytest

from t2t_multimodel import registry
from t2t_multimodel.metrics.units import legend, meaning


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ("teacher_forced/log_ppl", "nats a target, lower is better"),
        ("log_ppl", "nats a target, lower is better"),
        ("log_ppl_tempered", "nats a target, lower is better"),
        ("teacher_forced/accuracy", "share of tokens, higher is better"),
        ("decoded/bleu:zh", "0 to 100, higher is better"),
        ("decoded/wer", "edits a word, lower is better"),
        ("decoded/bracket_f1", "0 to 1, higher is better"),
        ("top5", "share of examples, higher is better"),
        ("loss/squared_error", "lower is better"),
        ("decoded/of_code_that_is_not_here", "-"),
    ],
)
def test_a_score_has_its_unit_and_its_direction(score: str, words: str) -> None:
    assert meaning(score) == words


def test_every_metric_of_ours_has_a_unit() -> None:
    ours = [
        name
        for name in registry.metrics.names()
        if registry.metrics.where(name).partition("t2t_multimodel/metrics/")[1]
    ]
    assert len(ours) == 15
    assert [name for name in ours if "," not in meaning(f"decoded/{name}")] == []


def test_scores_of_one_meaning_are_told_together() -> None:
    assert legend(["top1", "log_ppl", "top5", "top1"]) == (
        "top1, top5: share of examples, higher is better; log_ppl: nats a target, lower is better"
    )
