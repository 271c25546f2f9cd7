"""What a checkpoint recorded of its features is compared with what the code declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks

from t2t_multimodel import (
    Audio,
    ClassLabel,
    Image,
    Problem,
    Text,
    UserError,
    registry,
    usr_dir,
)
from t2t_multimodel.checkpoints import recorded_features
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features, described
from t2t_multimodel.features import Feature


class Made(Problem):
    """A problem whose features a test exchanges."""

    name = "drifting"

    def __init__(self, inputs: Feature, targets: Feature) -> None:
        self.inputs, self.targets = inputs, targets  # type: ignore[misc]


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of a checkpoint trained on the first problem, used with the second."""

    def compare(then: Problem, now: Problem) -> str:
        registry.problems._run_time.pop("drifting", None)
        registry.problems.register("drifting")(lambda: now)
        features = json.loads(json.dumps({"drifting": described(then)}))
        (tmp_path / "state.json").write_text(json.dumps({"step": 1, "features": features}))
        monkeypatch.setattr(recorded_features, "_misfits", lambda *_: iter(()))
        with pytest.raises(UserError) as caught:
            check_features(Checkpoint(tmp_path), ["drifting"])
        before = f"Problem 'drifting' is not what {tmp_path} was trained on: "
        assert caught.value.message.startswith(before)
        assert caught.value.fix.startswith("Set it back in ")
        assert caught.value.fix.endswith(", or train anew in another --output_dir.")
        return caught.value.message.removeprefix(before)

    return compare


def test_the_order_of_class_names_is_compared(changes: Any) -> None:
    then, now = (ClassLabel(names=names) for names in (("good", "bad"), ("bad", "good")))
    assert changes(Made(Text(), then), Made(Text(), now)) == (
        "targets.names was ('good', 'bad') and is ('bad', 'good')."
    )


def test_of_many_names_the_first_that_differs_is_told(changes: Any) -> None:
    names = tuple(f"class {i}" for i in range(1000))
    swapped = (*names[:7], names[8], names[7], *names[9:])
    then, now = ClassLabel(names=names), ClassLabel(names=swapped)
    assert changes(Made(Text(), then), Made(Text(), now)) == (
        "targets.names[7] was 'class 7' and is 'class 8'."
    )
    told = changes(Made(Text(), then), Made(Text(), ClassLabel(names=names[1:])))
    assert set(told.removesuffix(".").split("; ")) == {
        "targets.n was 1000 and is 999",
        "targets.names had 1000 entries and has 999",
    }


def test_rate_bands_sizes_and_vocabularies_are_compared(changes: Any) -> None:
    label = ClassLabel(2)
    for then, now, told in (
        (Audio(8000), Audio(16000), "inputs.rate was 8000 and is 16000."),
        (Audio(8000), Audio(8000, n_mels=40), "inputs.n_mels was 80 and is 40."),
        (Audio(8000), Audio(8000, "waveform"), "inputs.form was 'log_mel' and is 'waveform'."),
        (Image(8, 8), Image(8, 9), "inputs.width was 8 and is 9."),
        (Image(8, 8), Text(), "inputs was 'Image' and is 'Text'."),
        (Text("a"), Text("b"), "inputs.vocab was 'a' and is 'b'."),
    ):
        assert changes(Made(then, label), Made(now, label)) == told


def test_limits_and_augmentation_may_change(tmp_path: Path, monkeypatch: Any) -> None:
    registry.problems.register("drifting")(
        lambda: Made(Audio(8000, max_seconds=9.0, mask=0.2), Text(max_length=9))
    )
    then = {"drifting": described(Made(Audio(8000), Text()))}
    (tmp_path / "state.json").write_text(json.dumps({"step": 1, "features": then}))
    monkeypatch.setattr(recorded_features, "_misfits", lambda *_: iter(()))
    check_features(Checkpoint(tmp_path), ["drifting"])


def test_a_run_records_its_features_and_fits_itself(run: Run) -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)
    checkpoint = open_checkpoint(run.folder)
    assert checkpoint.state["features"].keys() == run.prepared.keys()
    check_features(checkpoint, list(run.prepared))


def test_without_a_record_the_models_own_signature_is_compared(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = open_checkpoint(run.folder)
    state = {k: v for k, v in checkpoint.state.items() if k != "features"}
    monkeypatch.setattr(Checkpoint, "state", state)
    forget_small_tasks()
    usr_dir.add(TASKS)
    check_features(checkpoint, list(run.prepared))
    problem = registry.problems.get("made_colours")
    old = problem.inputs
    monkeypatch.setattr(problem, "inputs", Image(old.height + 1, old.width, old.channels))
    with pytest.raises(UserError) as caught:
        check_features(checkpoint, ["made_colours"])
    then = (old.height, old.width, old.channels)
    now = (old.height + 1, *then[1:])
    assert caught.value.message == (
        f"Problem 'made_colours' is not what {checkpoint.path} was trained on: "
        f"inputs.shape was {then} and is {now}."
    )
