"""The table of a run, beside its floors."""

from __future__ import annotations

import math
from typing import Any

import pytest

from t2t_multimodel.evaluate.evaluator import Result
from t2t_multimodel.evaluate.floors import Floors
from t2t_multimodel.evaluate.table import Row, print_table


def row(scores: dict[str, float], blind: float, name: str = "mine", **fields: Any) -> Row:
    score = "top1" if "top1" in scores else "tf/log_ppl"
    floors = Floors(
        problem=name,
        split="test",
        examples=1000,
        fingerprint="0",
        command=f"mm-problems floors {name}",
        versions={},
        seconds=0.0,
        methods={},
        trivial={score: 9.0 if score != "top1" else 0.1},
        source_blind={score: blind},
    )
    return Row(Result(name, "test", 1000, scores, **fields), floors)


@pytest.mark.parametrize(
    ("scores", "blind", "score", "above"),
    [
        ({"log_ppl": 1.0, "top1": 0.6, "top5": 0.9}, 0.5, "top1", True),
        ({"log_ppl": 1.0, "top1": 0.5, "top5": 0.9}, 0.5, "top1", False),
        ({"tf/log_ppl": 2.0, "tf/accuracy": 0.4}, 2.5, "tf/log_ppl", True),
        ({"tf/log_ppl": 3.0, "tf/accuracy": 0.4}, 2.5, "tf/log_ppl", False),
        ({"tf/log_ppl": math.nan, "tf/accuracy": 0.4}, 2.5, "tf/log_ppl", False),
    ],
)
def test_a_model_is_above_its_floor_when_it_beats_the_targets_alone(
    scores: dict[str, float], blind: float, score: str, above: bool
) -> None:
    made = row(scores, blind)
    assert (made.score, made.above_floor) == (score, above)


def test_a_row_is_stored_with_its_floors() -> None:
    assert row({"log_ppl": 1.0, "top1": 0.6, "top5": 0.9}, 0.5).to_dict() == {
        "problem": "mine",
        "split": "test",
        "examples": 1000,
        "shuffled_sources": False,
        "scores": {"log_ppl": 1.0, "top1": 0.6, "top5": 0.9},
        "trivial_floor": {"top1": 0.1},
        "source_blind_floor": {"top1": 0.5},
        "above_source_blind_floor": True,
    }


def test_the_printed_table_keeps_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {"tf/log_ppl": 2.25, "tf/accuracy": 0.4567, "decoded/bleu": 12.345}
    print_table([row(scores, 2.5), row({"log_ppl": 1.0, "top1": 0.5, "top5": 0.9}, 0.5)])
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines() if line.split()[:2] == ["mine", "test"]]
    assert rows == [
        ["mine", "test", "1,000", "tf/log_ppl", "2.2500", "2.5000", "9.0000", "yes"],
        ["mine", "test", "1,000", "top1", "0.5000", "0.5000", "0.1000", "no"],
    ]
    assert "\nmine: tf/accuracy 0.4567, decoded/bleu 12.35\n" in shown
    assert "\nmine: log_ppl 1, top5 0.9\n" in shown
    assert "\n1 of 2 problems are above the source-blind floor, " in shown


def test_exchanged_sources_are_said_above_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([row({"tf/log_ppl": 2.25}, 2.5, shuffled_sources=True)])
    assert capsys.readouterr().out.splitlines()[0].strip() == "Sources exchanged among examples"
