"""Outputs of specialists and of the project's nets are scored alike."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_records
from helpers.finished_run import Run

from bench.specialists.scoring import of_model, of_specialist


def test_texts_that_a_specialist_wrote(tmp_path: Path) -> None:
    tiny_records.add(tmp_path / "user")
    prepared = tiny_records.prepared("tiny_words", tmp_path / "data")
    dataset = prepared.dataset("test")
    tokens = int(dataset.lengths["targets"].sum())
    drei, zwei, eins = (dataset[i]["targets"] for i in (0, 1, 3))
    rows = np.zeros((3, 20), int)
    for row, ids in zip(rows, (drei, zwei, zwei), strict=True):
        row[: len(ids) - 1] = ids[:-1]
    outputs = tmp_path / "outputs.npz"
    log_prob, rank = np.full(tokens, -math.log(4)), np.zeros(tokens, int)
    right = np.roll(rows, 1, axis=0)
    np.savez(outputs, log_prob=log_prob, rank=rank, greedy=rows, beam=right)
    scores = of_specialist(outputs, prepared, "test", np.asarray([1, 0, 2]), beams=4)
    assert len(eins) > 1
    values = {name: (one.value, one.examples) for name, one in scores.items()}
    assert values == {
        "nats a token": (pytest.approx(math.log(4)), 5),
        "exact greedy": (pytest.approx(1 / 3), 3),
        "wer greedy": (pytest.approx(2 / 3), 3),
        "exact beam 4": (1.0, 3),
        "wer beam 4": (0.0, 3),
    }
    low, high = scores["exact greedy"].interval
    assert 0 <= low < 1 / 3 < high <= 1


def test_classes_that_a_specialist_named(tmp_path: Path) -> None:
    tiny_records.add(tmp_path / "user")
    prepared = tiny_records.prepared("tiny_shades", tmp_path / "data")
    outputs = tmp_path / "outputs.npz"
    np.savez(outputs, log_prob=-np.asarray([1.0, 2, 3, 4]), rank=np.asarray([0, 1, 0, 0]))
    scores = of_specialist(outputs, prepared, "test", np.arange(4), beams=4)
    assert {name: one.value for name, one in scores.items()} == {"nats": 2.5, "top1": 0.75}


def test_characters_are_scored_as_texts(tmp_path: Path) -> None:
    tiny_records.add(tmp_path / "user")
    prepared = tiny_records.prepared("tiny_tones", tmp_path / "data")
    outputs = tmp_path / "outputs.npz"
    np.savez(outputs, texts=np.asarray(["high", "low", "midle"]))
    scores = of_specialist(outputs, prepared, "test", np.asarray([2, 0, 1]), beams=4)
    assert {name: one.value for name, one in scores.items()} == {"exact greedy": 2 / 3}


def test_a_net_of_the_project_has_the_scores_of_its_final_table(run: Run) -> None:
    (expected,) = [one for one in run.results if one.problem == "made_captions"]
    prepared, config = run.prepared["made_captions"], run.resolved.config
    found = of_model(run.trainer.model, prepared, config, "test", 200, beams=2)
    metrics = prepared.problem.metrics
    names = [f"{metric} {search}" for search in ("greedy", "beam 2") for metric in metrics]
    assert list(found) == ["nats a token", *names]
    assert found["nats a token"].value == expected.scores["teacher_forced/log_ppl"]
    for metric in metrics:
        assert found[f"{metric} greedy"].value == expected.scores[f"decoded/{metric}"]
