"""Evaluation of the made run: exact, repeatable, and blind when its sources are shuffled."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.finished_run import Run, forget_small_tasks

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.data.collate import Batch, collate
from t2t_multimodel.evaluate.evaluator import Evaluator, check_split
from t2t_multimodel.evaluate.main import EvalRequest, evaluate_checkpoint
from t2t_multimodel.evaluate.results_file import load_results

TEXTS, CLASSES = ("made_captions", "made_numbers"), ("made_colours", "made_tones")


@pytest.fixture
def evaluator(run: Run) -> Evaluator:
    return run.trainer.evaluator


@pytest.mark.parametrize("name", [*TEXTS, *CLASSES])
def test_batches_and_padding_change_nothing(run: Run, evaluator: Evaluator, name: str) -> None:
    dataset = run.prepared[name].dataset("test")
    nats, tokens, right = 0.0, 0, 0
    for i in range(len(dataset)):
        batch = collate([dataset[i]], dataset.features)
        logits = np.asarray(run.trainer.model(batch, problem=name, training=False)["logits"])[0]
        targets = batch["targets"].reshape(-1)
        log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        nats -= log_probs[np.arange(len(targets)), targets].sum()
        right += (logits.argmax(axis=-1) == targets).sum()
        tokens += len(targets)
    result = evaluator.evaluate(name, "test")
    log_ppl, accuracy = (
        ("teacher_forced/log_ppl", "teacher_forced/accuracy")
        if name in TEXTS
        else ("log_ppl", "top1")
    )
    assert result.scores[log_ppl] == pytest.approx(nats / tokens, rel=1e-3)
    assert result.scores[accuracy] == pytest.approx(right / tokens)
    assert (result.problem, result.split, result.examples) == (name, "test", 14)


def test_batches_run_side_by_side_and_change_nothing(run: Run, monkeypatch) -> None:
    config = run.resolved.config
    together = config.replace(
        train=config.train.replace(parallel_batches=2),
        data=config.data.replace(tokens_per_batch=20),
        evaluate=config.evaluate.replace(beam_size=2),
    )
    alone = together.replace(train=config.train.replace(parallel_batches=1))
    most, running = 0, 0
    real, lock = Evaluator._output, threading.Lock()

    def watched(self: Evaluator, name: str, batch: Batch) -> np.ndarray:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)  # long enough for the other one to begin
        found = real(self, name, batch)
        with lock:
            running -= 1
        return found

    monkeypatch.setattr(Evaluator, "_output", watched)
    results = []
    for one, expected in ((alone, 1), (together, 2)):
        most = 0
        evaluator = Evaluator(run.trainer.model, run.prepared, one)
        results.append(evaluator.evaluate("made_captions", "test", 0, 10**9))
        assert most == expected
    first, second = results
    assert first.scores == second.scores
    assert first.outputs == second.outputs
    assert len(first.outputs) == first.examples == 14


def test_the_same_call_gives_the_same_scores(run: Run, evaluator: Evaluator) -> None:
    for first in run.results:
        again = evaluator.evaluate(first.problem, "test", 0, 200)
        assert again.scores == first.scores


@pytest.mark.parametrize("name", [*TEXTS, *CLASSES])
def test_static_shapes_give_the_same_scores(run: Run, evaluator: Evaluator, name: str) -> None:
    config = run.resolved.config
    config = config.replace(data=config.data.replace(static_shapes=True))
    static = Evaluator(run.trainer.model, run.prepared, config)
    static._functions = evaluator._functions
    first, second = (each.evaluate(name, "test", 0, 200) for each in (evaluator, static))
    assert second.scores == pytest.approx(first.scores, rel=1e-4)


def test_some_examples_are_drawn_the_same_each_time(evaluator: Evaluator) -> None:
    first = evaluator.evaluate("made_numbers", "test", examples=5)
    second = evaluator.evaluate("made_numbers", "test", examples=5)
    assert first.examples == 5
    assert first.scores == second.scores
    assert first.scores != evaluator.evaluate("made_numbers", "test").scores


def test_a_missing_split_falls_back_to_the_last(evaluator: Evaluator) -> None:
    assert evaluator.evaluate("made_tones", "validation").split == "test"


@pytest.mark.parametrize("name", [*TEXTS, *CLASSES])
def test_with_shuffled_sources_the_model_knows_less(evaluator: Evaluator, name: str) -> None:
    own = evaluator.evaluate(name, "test")
    shuffled = evaluator.evaluate(name, "test", shuffle_sources=True)
    assert (own.shuffled_sources, shuffled.shuffled_sources) == (False, True)
    key = "log_ppl" if name in CLASSES else "teacher_forced/log_ppl"
    assert shuffled.scores[key] > own.scores[key] + 0.5
    if name in CLASSES:
        assert shuffled.scores["top1"] < own.scores["top1"]


def test_decoded_scores_are_named_apart_from_forced_ones(evaluator: Evaluator) -> None:
    scores = evaluator.evaluate("made_numbers", "test", 0, 200).scores
    assert list(scores) == [
        "teacher_forced/log_ppl",
        "teacher_forced/accuracy",
        "teacher_forced/sequence_accuracy",
        "decoded/exact",
        "decoded/wer",
    ]
    tones = evaluator.evaluate("made_tones", "test", 0, 200)
    assert list(tones.scores) == ["log_ppl", "top1"]  # five of two classes say nothing


def test_samples_are_readable_pairs(evaluator: Evaluator) -> None:
    samples = evaluator.evaluate("made_captions", "test", 0, 3).samples
    assert len(samples) == 3
    assert all(
        target == output and target in ("red", "green", "blue") for target, output in samples
    )


def test_nothing_is_decoded_unless_asked_for(evaluator: Evaluator) -> None:
    result = evaluator.evaluate("made_numbers", "test", 0, 0)
    assert "decoded/exact" not in result.scores
    assert result.samples == ()


def test_a_checkpoint_is_scored_on_its_own_problems_only(run: Run) -> None:
    checkpoint = open_checkpoint(run.folder)
    assert checkpoint.problems([]) == list(run.prepared)
    with pytest.raises(UserError) as caught:
        request = EvalRequest(problems=["made_tone"], data_dir=run.data_dir)
        evaluate_checkpoint(checkpoint, request)
    assert str(caught.value) == (
        "No problem of this checkpoint is named 'made_tone'. Did you mean 'made_tones'?\n"
        "Known: made_captions, made_colours, made_numbers, made_tones."
    )


def test_a_checkpoint_alone_gives_the_scores_of_the_runs_end(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()  # the checkpoint knows where they are
    file = run.folder.parent / "scores.json"
    request = EvalRequest(
        problems=["made_tones"],
        data_dir=run.data_dir,
        json_file=file,
        compare_with=run.folder,
    )
    rows = evaluate_checkpoint(open_checkpoint(run.folder), request)
    stored = json.loads((run.folder / "results.json").read_text())
    (expected,) = [row for row in stored if row["problem"] == "made_tones"]
    assert [row.to_dict() for row in rows] == [expected]
    assert json.loads(file.read_text()) == [expected]
    shown = capsys.readouterr().out
    assert shown.startswith(f"{run.folder}/checkpoints/step-00000090, step 90\n")
    compared = [line.split() for line in shown.splitlines() if "+0" in line]
    assert [row[:2] for row in compared] == [["made_tones", "log_ppl"], ["made_tones", "top1"]]
    assert all(row[-1] == "1.000" for row in compared)  # a model does not differ from itself
    (result,) = load_results(file)
    assert result.scores == expected["scores"]


def test_a_split_that_no_problem_has_is_refused_but_for_the_defaults() -> None:
    problems = {
        name: SimpleNamespace(problem=SimpleNamespace(splits=splits))
        for name, splits in {"a": ("train", "dev"), "b": ("train", "newstest")}.items()
    }
    for split in ("newstest", "dev", "test"):
        check_split(split, problems)  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        check_split("newstset", problems)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "No split of these problems is named 'newstset'. Did you mean 'newstest'?\n"
        "Known: dev, newstest, train."
    )
