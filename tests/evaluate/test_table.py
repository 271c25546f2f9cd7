"""The table of a run, beside its baselines."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from t2t_multimodel.baselines.measured import Baselines
from t2t_multimodel.evaluate.result import Output, Result
from t2t_multimodel.evaluate.table import Row, print_table


def row(
    scores: dict[str, float], blind: float, spread: float = 0.01, shuffled: bool = False
) -> Row:
    """A row whose intervals reach `spread` to either side of each score."""
    score = "top1" if "top1" in scores else "teacher_forced/log_ppl"
    metric = "top1" if "top1" in scores else next((n for n in scores if "decoded" in n), "")
    baselines = Baselines(
        problem="mine",
        split="test",
        examples=1000,
        fingerprint="0",
        command="mm-problems baselines mine",
        versions={},
        seconds=0.0,
        methods={},
        trivial={score: 9.0 if score != "top1" else 0.1},
        source_blind={score: blind},
        classical={metric: 0.5},
    )
    result = Result("mine", "test", "0", np.arange(1000), np.ones((1000, 4)),
                    shuffled_sources=shuffled)  # fmt: skip
    intervals = {name: (value - spread, value + spread) for name, value in scores.items()}
    return Row(result, scores, intervals, baselines, metric)


def test_a_row_is_stored_with_its_intervals_and_baselines() -> None:
    assert row({"log_ppl": 1.0, "top1": 0.75, "top5": 1.0}, 0.5, spread=0.25).to_dict() == {
        "problem": "mine",
        "split": "test",
        "examples": 1000,
        "decoded_examples": 0,
        "temperature": None,
        "shuffled_sources": False,
        "scores": {"log_ppl": 1.0, "top1": 0.75, "top5": 1.0},
        "intervals": {"log_ppl": [0.75, 1.25], "top1": [0.5, 1.0], "top5": [0.75, 1.25]},
        "signatures": {},
        "trivial_baseline": {"top1": 0.1},
        "source_blind_baseline": {"top1": 0.5},
        "classical_baseline": {"top1": 0.5},
        "verdict": {
            "loss": "log_ppl",
            "loss_above_source_blind": "not known",
            "metric": "top1",
            "metric_above_source_blind": "not sure",
            "above_classical": "not sure",
            "learned": "nats not known, top1 not sure",
        },
    }


def test_the_printed_table_keeps_every_figure_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    scores = {
        "teacher_forced/log_ppl": 2.25,
        "teacher_forced/accuracy": 0.4567,
        "decoded/wer": 0.345,
    }
    classes = {"log_ppl": 1.0, "top1": 0.5, "top5": 0.9}
    print_table([row(scores, 2.5), row(classes, 0.5), row({"teacher_forced/log_ppl": 3.0}, 2.5)])
    shown = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in shown if line.startswith("mine ") and "1,000" in line]
    start = ["mine"]
    assert rows == [
        [*start, "teacher_forced/", "1,000", "2.2500", "2.240-2.260", "2.5000", "9.0000", "-"],
        [*start, "log_ppl", "1,000", "1.0000", "0.990-1.010", "-", "-", "-"],
        [*start, "teacher_forced/", "1,000", "3.0000", "2.990-3.010", "2.5000", "9.0000", "-"],
    ]
    top1 = next(line.split() for line in shown if line.split()[:1] == ["top1"])
    assert top1 == ["top1", "1,000", "0.5000", "0.490-0.510", "0.5000", "0.1000", "0.5000"]
    learned = shown.index("problem  learned                        above classical")
    assert [line.rstrip() for line in shown[learned + 1 : learned + 4]] == [
        "mine     nats yes, wer not known        yes",
        "mine     nats not known, top1 not sure  not sure",
        "mine     nats no, no metric             not known",
    ]
    assert max(len(line.rstrip()) for line in shown[:20]) <= 80
    assert "mine: teacher_forced/accuracy 0.4567 [0.4467, 0.4667]" in shown
    assert "mine: top5 0.9 [0.89, 0.91]" in shown
    assert "Split: test." in shown
    assert (
        "teacher_forced/log_ppl, log_ppl: nats a target, lower is better; "
        "teacher_forced/accuracy: share of tokens, higher is better; decoded/wer: edits a word, "
        "lower is better; top1, top5: share of examples, higher is better."
    ) in " ".join(line.strip() for line in shown)


def test_several_splits_have_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    first = row({"log_ppl": 1.0, "top1": 0.5}, 0.1)
    other = dataclasses.replace(first, result=dataclasses.replace(first.result, split="dev"))
    print_table([first, other])
    shown = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert ["problem", "split", "score"] in shown
    assert [line for line in shown if line[:1] == ["mine"]][:2] == [
        ["mine", "test", "log_ppl"],
        ["mine", "dev", "log_ppl"],
    ]


def test_a_row_is_shown_in_a_line() -> None:
    assert repr(row({"log_ppl": 1.0, "top1": 0.75}, 0.5)) == (
        "<Row mine, test: log_ppl 1, top1 0.75; learned: nats not known, top1 yes>"
    )


def test_bleu_is_printed_with_its_signature(capsys: pytest.CaptureFixture[str]) -> None:
    made = row({"teacher_forced/log_ppl": 2.25, "decoded/bleu": 12.345}, 2.5)
    outputs = (Output(0, ("a b", "a c"), "a b"), Output(1, "d", "d"))
    made = dataclasses.replace(made, result=dataclasses.replace(made.result, outputs=outputs))
    assert list(made.to_dict()["signatures"]) == ["decoded/bleu"]
    print_table([made, made])
    shown = capsys.readouterr().out
    assert "\nmine: decoded: 2 examples\n" in shown
    assert shown.count("\ndecoded/bleu: nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:") == 1
    assert "\n0 of 2 problems learned: " in shown


def test_exchanged_sources_are_said_above_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([row({"teacher_forced/log_ppl": 2.25}, 2.5, shuffled=True)])
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].strip() == "Sources exchanged among examples"
    assert "Each example was scored with the source of another one." in shown
    assert " learned: " not in shown
