"""Greedy output: the best token at each place, an end, and nothing after it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.finished_run import Run

from t2t_multimodel.data.collate import Batch, collate
from t2t_multimodel.features import EOS_ID, PAD_ID


def batch_of(run: Run, name: str, rows: int = 14) -> Batch:
    dataset = run.prepared[name].dataset("test")
    return collate([dataset[i] for i in range(rows)], dataset.features)


def output(run: Run, name: str, batch: Batch) -> np.ndarray:
    """The best sequence of each row, or all classes of it, best first."""
    ids = run.trainer.evaluator._output(name, batch)
    return ids[:, 0] if ids.shape[1] == 1 else ids[:, :, 0]


@pytest.mark.parametrize("name", ["made_captions", "made_numbers"])
def test_output_ends_once_and_is_zero_after(run: Run, name: str) -> None:
    ids = output(run, name, batch_of(run, name))
    assert ids.shape == (14, run.prepared[name].problem.targets.max_length)
    ended = (ids == EOS_ID).cumsum(axis=1) - (ids == EOS_ID)  # ends before each place
    assert (ids[ended > 0] == PAD_ID).all()
    assert (ids[ended == 0] != PAD_ID).all()
    assert (ids == EOS_ID).any(axis=1).all()


@pytest.mark.parametrize("name", ["made_captions", "made_numbers"])
def test_each_token_is_the_best_after_those_before_it(run: Run, name: str) -> None:
    batch = batch_of(run, name)
    ids = output(run, name, batch)
    length = (ids != PAD_ID).sum(axis=1).astype(np.int32)
    forced = {**batch, "targets": ids, "targets_length": length}
    logits = np.asarray(run.trainer.model(forced, problem=name, training=False)["logits"])
    real = np.arange(ids.shape[1]) < length[:, None]
    assert (logits.argmax(axis=-1) == ids)[real].all()


def test_the_true_targets_are_not_looked_at(run: Run) -> None:
    batch = batch_of(run, "made_numbers")
    blank = {
        **batch,
        "targets": batch["targets"] * 0,
        "targets_length": batch["targets_length"] * 0,
    }
    assert np.array_equal(output(run, "made_numbers", batch), output(run, "made_numbers", blank))


def test_rows_do_not_depend_on_each_other(run: Run) -> None:
    together = output(run, "made_numbers", batch_of(run, "made_numbers", 5))
    dataset = run.prepared["made_numbers"].dataset("test")
    for i, row in enumerate(together):
        alone = output(run, "made_numbers", collate([dataset[i]], dataset.features))
        assert np.array_equal(alone[0], row)


def test_classes_are_ranked_best_first(run: Run) -> None:
    batch = batch_of(run, "made_colours")
    ranked = output(run, "made_colours", batch)
    logits = np.asarray(run.trainer.model(batch, problem="made_colours", training=False)["logits"])
    assert np.array_equal(ranked, np.argsort(-logits[:, 0], axis=-1))
    assert np.array_equal(ranked[:, 0], batch["targets"])
