"""What a run that diverges says and keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from t2t_multimodel import UserError
from t2t_multimodel.data.step_batches import StepBatches
from t2t_multimodel.train.diverged import Guard, saved_batches

FIX = (
    "Lower optimizer.learning_rate or raise optimizer.schedule.warmup_steps; the same command "
    "goes on from the last checkpoint."
)


def step() -> StepBatches:
    batches = [{"inputs": np.arange(3) + n, "inputs_length": np.ones(3)} for n in (0, 10)]
    return StepBatches(7, ["a", "b"], batches, {"a": 1, "b": 1})


def test_usable_numbers_pass(tmp_path: Path) -> None:
    guard = Guard(tmp_path, 100)
    guard.check_loss(step(), 0, "xent", 100.0)
    guard.check_norm(step(), 1e9)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("xent", "message"),
    [
        (float("nan"), "The loss of b is nan at step 7."),
        (float("inf"), "The loss of b is inf at step 7."),
        (100.5, "The loss of b is 100.5, above train.max_xent=100, at step 7."),
    ],
)
def test_a_loss_that_is_of_no_use_stops_and_keeps_its_batch(
    tmp_path: Path, xent: float, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        Guard(tmp_path, 100).check_loss(step(), 1, "xent", xent)
    file = tmp_path / "diverged-step-00000007.npz"
    assert str(caught.value) == f"{message}\nIts batch is kept: mm-report {file} shows it.\n{FIX}"
    ((problem, batch),) = saved_batches(file)
    assert problem == "b"
    assert batch["inputs"].tolist() == [10, 11, 12]
    assert sorted(batch) == ["inputs", "inputs_length"]


def test_of_a_gradient_all_batches_of_the_step_are_kept(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="^The gradient's norm is nan at step 7.\n"):
        Guard(tmp_path, 100).check_norm(step(), float("nan"))
    kept = dict(saved_batches(tmp_path / "diverged-step-00000007.npz"))
    assert list(kept) == ["a", "b"]
    assert kept["a"]["inputs"].tolist() == [0, 1, 2]


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.npz"
    np.savez(file, weights=np.ones(2))
    with pytest.raises(UserError, match=f"^{file} holds no batches of a run: "):
        list(saved_batches(file))
