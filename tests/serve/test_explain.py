"""What is explained of an output, beyond what the server's own tests ask."""

from __future__ import annotations

import dataclasses

import pytest
from helpers.finished_run import Run

from t2t_multimodel.decode.inputs import InputEncoder, split_items
from t2t_multimodel.decode.lines import Line
from t2t_multimodel.problem import Problem
from t2t_multimodel.serve.explain import explain


def with_several(problem: Problem, side: str) -> Problem:
    """The same problem, of which a value is a list of texts on one side."""
    feature = dataclasses.replace(getattr(problem, side), several=True)
    return type("Several", (type(problem),), {side: feature})()


def test_a_caption_is_explained_where_targets_are_several(run: Run) -> None:
    one = run.prepared["made_captions"]
    array = one.dataset("test")[0]["inputs"]
    tokenizers = dict(one.tokenizers)
    found, expected = (
        explain(run.trainer.model, problem, tokenizers, array, "red")
        for problem in (with_several(one.problem, "targets"), one.problem)
    )
    assert found == expected
    assert found["target"][-1] == "</s>"


def test_a_line_is_one_text_where_inputs_are_several(run: Run) -> None:
    one = run.prepared["made_numbers"]
    tokenizers = dict(one.tokenizers)
    item = InputEncoder(with_several(one.problem, "inputs"), tokenizers)(Line(1, "1 2"))
    expected = InputEncoder(one.problem, tokenizers)(Line(1, "1 2"))
    assert item.fault == "" and item.array is not None and expected.array is not None
    assert item.array.tolist() == expected.array.tolist()


def test_a_split_shows_all_targets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run.prepared["made_captions"]
    problem = with_several(one.problem, "targets")
    ids = problem.targets.encode(
        ["red", "a green one"], problem.tokenizer("targets", dict(one.tokenizers))
    )
    single = problem.targets.encode(["blue"], problem.tokenizer("targets", dict(one.tokenizers)))
    array = one.dataset("test")[0]["inputs"]
    examples = [{"inputs": array, "targets": ids}, {"inputs": array, "targets": single}]
    prepared = dataclasses.replace(one, problem=problem)
    monkeypatch.setattr(type(prepared), "dataset", lambda *_: examples)
    assert [item.target for item in split_items(prepared, "test")] == [
        ["red", "a green one"],
        "blue",
    ]
