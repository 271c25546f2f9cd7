"""The mean of checkpoints."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.finished_run import Run
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.averaging import average, last_checkpoints
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.checkpoints.saving import Snapshot, write
from t2t_multimodel.multimodel import MultiModel


def weights(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    model = checkpoint.model()
    return {v.path: keras.ops.convert_to_numpy(v.value) for v in model.variables}


def test_the_newest_of_a_run_are_averaged_into_a_checkpoint(run: Run, tmp_path: Path) -> None:
    parts = last_checkpoints(run.folder, 2)
    assert parts[-1].step == 90
    mean = average(parts, tmp_path / "mean")
    assert mean.damage() == ""
    assert mean.state["averaged"] == [part.path.name for part in parts]
    assert open_checkpoint(tmp_path / "mean").problems([]) == list(run.prepared)
    assert mean.tokenizers().keys() == parts[-1].tokenizers().keys()
    first, second, means = (weights(part) for part in (*parts, mean))
    assert means.keys() == first.keys()
    for name, value in means.items():
        assert np.array_equal(value, ((first[name].astype(float) + second[name]) / 2).astype("f4"))
    assert any(not np.array_equal(means[name], second[name]) for name in means)


def test_there_must_be_enough(run: Run) -> None:
    have = len(last_checkpoints(run.folder, 1)) and len(
        list((run.folder / "checkpoints").glob("step-*"))
    )
    with pytest.raises(UserError) as caught:
        last_checkpoints(run.folder, 50)
    assert str(caught.value) == (
        f"{run.folder} has {have} checkpoints, not 50.\n"
        "Give a smaller --last, or train with a larger train.keep_checkpoints."
    )


def test_an_older_result_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^{tmp_path} exists already.\nGive another --to.$"):
        average(last_checkpoints(run.folder, 1), tmp_path)


def test_another_model_is_refused(run: Run, tmp_path: Path) -> None:
    other = MultiModel(FLAT_CONFIGS["paper"], PROBLEMS[:1])
    values = [keras.ops.convert_to_numpy(v.value) for v in other.variables]
    state = {**open_checkpoint(run.folder).state, "step": 1}
    foreign = write(tmp_path, Snapshot(other, values, {}, {}, state))
    with pytest.raises(UserError, match=f"^{foreign.path} holds another model than "):
        average([foreign, *last_checkpoints(run.folder, 1)], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
