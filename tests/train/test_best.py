"""Which evaluation was the best, and when a run has seen enough of them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from t2t_multimodel import EvalConfig, UserError
from t2t_multimodel.train.best import Best


def best_of(*evaluations: dict[str, float], **fields: Any) -> tuple[Best, list[list[str]]]:
    """After evaluations (problem -> score) at steps 10, 20, ...: who was best each time."""
    best, new = Best(EvalConfig(**fields)), []
    name = fields.get("best", "teacher_forced/log_ppl")
    for number, scores in enumerate(evaluations, start=1):
        new.append(best.add(10 * number, {p: {name: s, "other": 0.0} for p, s in scores.items()}))
    return best, new


def test_of_log_perplexities_the_lower_is_the_better() -> None:
    best, new = best_of({"a": 3.0, "b": 2.0}, {"a": 2.0, "b": 2.5}, {"a": 2.5, "b": 2.5})
    assert new == [["a", "b", "joint"], ["a", "joint"], []]
    assert best.steps == {"a": 20, "b": 10, "joint": 20}
    assert best.records["joint"] == {"step": 20, "score": 2.25, "without_new_best": 1}
    assert best.records["b"] == {"step": 10, "score": 2.0, "without_new_best": 2}


def test_of_accuracies_the_higher_is_the_better() -> None:
    best, _ = best_of({"a": 0.5}, {"a": 0.6}, {"a": 0.55}, best="top1")
    assert best.steps == {"a": 20, "joint": 20}


def test_an_equal_score_is_no_new_best() -> None:
    assert best_of({"a": 1.0}, {"a": 1.0})[1] == [["a", "joint"], []]


def test_labels_and_text_share_the_default_score() -> None:
    best = Best(EvalConfig())
    best.add(10, {"text": {"teacher_forced/log_ppl": 2.0}, "label": {"log_ppl": 1.0, "top1": 0.5}})
    assert best.records["joint"]["score"] == 1.5


def test_problems_without_the_score_are_left_out() -> None:
    best = Best(EvalConfig(best="top1"))
    best.add(10, {"text": {"teacher_forced/log_ppl": 2.0}, "label": {"log_ppl": 1.0, "top1": 0.5}})
    assert best.steps == {"label": 10, "joint": 10}


@pytest.mark.parametrize("name", ["top1", "decoded/wer", "teacher_forced/accuracy"])
def test_a_score_that_exists_is_taken(name: str) -> None:
    Best(EvalConfig(best=name, train_decode_examples=1))


def test_a_decoded_score_needs_decoded_examples_at_once() -> None:
    with pytest.raises(UserError) as caught:
        Best(EvalConfig(best="decoded/wer"))
    assert str(caught.value) == (
        "evaluate.best=decoded/wer is a decoded score, but nothing is decoded during training.\n"
        "Give evaluate.train_decode_examples above 0, or a score of teacher_forced/."
    )
    Best(EvalConfig(best="decoded/wer", steps=0))  # never asked for


def test_a_score_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(
        UserError,
        match="^No score is named 'teacher_forced/log_pl'. Did you mean 'teacher_forced/log_ppl",
    ):
        Best(EvalConfig(best="teacher_forced/log_pl"))


def test_a_score_that_no_problem_has_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        Best(EvalConfig(best="top1")).add(
            10, {"a": {"teacher_forced/log_ppl": 2.0, "teacher_forced/accuracy": 0.1}}
        )
    assert str(caught.value) == (
        "evaluate.best: these problems have no score 'top1'.\n"
        "Scores during training: teacher_forced/accuracy, teacher_forced/log_ppl. Decoded ones "
        "need evaluate.train_decode_examples above 0."
    )


WORSE = ({"a": 2.0, "b": 2.0}, {"a": 3.0, "b": 1.9}, {"a": 3.0, "b": 1.8})


@pytest.mark.parametrize(
    ("fields", "exhausted"),
    [
        ({}, False),
        ({"patience": 2}, True),  # the mean was best at first
        ({"patience": 3}, False),
        ({"patience": 2, "patience_for": "problems"}, False),  # b still improves
    ],
)
def test_a_run_ends_when_what_counts_no_longer_improves(
    fields: dict[str, Any], exhausted: bool
) -> None:
    assert best_of(*WORSE, **fields)[0].exhausted is exhausted


def test_it_ends_when_every_problem_stands_still() -> None:
    fields = {"patience": 1, "patience_for": "problems"}
    assert best_of(*WORSE, {"a": 3.0, "b": 1.8}, **fields)[0].exhausted


def test_nothing_is_exhausted_before_the_first_evaluation() -> None:
    assert not Best(EvalConfig(patience=1)).exhausted


def test_what_is_no_number_is_worse_than_any_number() -> None:
    best, new = best_of({"a": math.nan}, {"a": 3.0}, {"a": math.nan}, patience=2)
    assert new == [["a", "joint"], ["a", "joint"], []]
    assert best.steps == {"a": 20, "joint": 20}
    assert best_of({"a": math.nan}, {"a": math.nan}, {"a": math.nan}, patience=2)[0].exhausted


def test_the_state_of_a_moment_stays_as_it_was() -> None:
    best, _ = best_of({"a": 2.0}, {"a": 3.0})
    state = json.loads(json.dumps(best.state()))
    kept = best.state()
    best.add(30, {"a": {"teacher_forced/log_ppl": 4.0}})
    assert kept == state
    again = Best(EvalConfig())
    again.restore(kept)
    assert again.records["a"] == {"step": 10, "score": 2.0, "without_new_best": 1}
    again.add(40, {"a": {"teacher_forced/log_ppl": 5.0}})
    assert kept == state


@pytest.mark.parametrize(
    "changed", [{"best": "teacher_forced/accuracy"}, {"split": "test"}, {"examples": 7}]
)
def test_scores_that_do_not_compare_are_forgotten(changed: dict[str, Any]) -> None:
    best, _ = best_of({"a": 2.0})
    again = Best(EvalConfig(**changed))
    again.restore(best.state())
    assert again.records == {}
    other = Best(EvalConfig(patience=9, steps=3))  # settings that no score depends on
    other.restore(best.state())
    assert other.records == best.records


def test_the_loss_of_values_decides_for_its_problem_beside_log_perplexities() -> None:
    best = Best(EvalConfig())
    text, values = {"teacher_forced/log_ppl": 2.0}, {"loss/squared_error": 50.0, "decoded/r2": 0.1}
    assert best.add(10, {"text": text, "row": values}) == ["text", "row", "joint"]
    assert best.records["joint"]["score"] == 2.0
    assert best.records["row"]["score"] == 50.0


def test_where_all_targets_are_values_their_losses_are_joined() -> None:
    best = Best(EvalConfig())
    best.add(10, {"a": {"loss/squared_error": 2.0}, "b": {"loss/huber": 4.0}})
    assert best.records["joint"]["score"] == 3.0


def test_a_loss_may_be_named() -> None:
    best = Best(EvalConfig(best="loss/huber"))
    best.add(10, {"a": {"teacher_forced/log_ppl": 2.0}, "b": {"loss/huber": 4.0}})
    best.add(20, {"a": {"teacher_forced/log_ppl": 1.0}, "b": {"loss/huber": 3.0}})
    assert best.steps == {"b": 20, "joint": 20}
