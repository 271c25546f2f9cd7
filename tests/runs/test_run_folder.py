"""What a run writes down, and what it refuses to go on with."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from t2t_multimodel import Config, ModelConfig, TrainConfig, UserError
from t2t_multimodel.config import rates
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.evaluate.samples import Sample
from t2t_multimodel.overrides import Resolved
from t2t_multimodel.runs.run_folder import RunFolder

CONFIG = Config(
    problems=rates("a:2", "b"), model=ModelConfig(hidden_size=32), train=TrainConfig(steps=9)
)


def resolved(config: Config = CONFIG) -> Resolved:
    return Resolved("made_set", config, dict.fromkeys(flatten(config), "default"))


def prepared(**fingerprints: str) -> dict[str, Any]:
    return {
        name: SimpleNamespace(fingerprint=fingerprint)
        for name, fingerprint in (fingerprints or {"a": "aa", "b": "bb"}).items()
    }


def test_the_config_is_kept_with_origins_data_and_versions(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").open(resolved(), prepared())
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["hparams_set"] == "made_set"
    assert Config.from_dict(record["config"]) == CONFIG
    assert record["origins"]["model.hidden_size"] == "default"
    assert record["data"] == {"a": "aa", "b": "bb"}
    (session,) = record["sessions"]
    assert session["packages"]["keras"].startswith("3.")
    assert {"command", "git", "python"} <= session.keys()


def test_a_run_goes_on_with_the_same_settings(tmp_path: Path) -> None:
    RunFolder(tmp_path).check_settings(CONFIG)  # a new folder takes any
    RunFolder(tmp_path).open(resolved(), prepared())
    RunFolder(tmp_path).check_settings(CONFIG)
    RunFolder(tmp_path).open(resolved(), prepared())
    record = json.loads((tmp_path / "config.json").read_text())
    assert len(record["sessions"]) == 2  # with what each part was made


def test_settings_that_touch_nothing_learned_may_change(tmp_path: Path) -> None:
    RunFolder(tmp_path).open(resolved(), prepared())
    train = CONFIG.train.replace(steps=99, log_steps=1, checkpoint_steps=5, keep_checkpoints=1)
    evaluate = CONFIG.evaluate.replace(steps=3, split="test", decode_examples=7)
    changed = CONFIG.replace(train=train, evaluate=evaluate)
    RunFolder(tmp_path).check_settings(changed)
    RunFolder(tmp_path).open(resolved(changed), prepared())
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["config"]["train"]["steps"] == 99


def test_other_settings_are_refused_and_listed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.open(resolved(), prepared())
    changed = CONFIG.replace(
        problems=rates("a", "b"),
        model=CONFIG.model.replace(hidden_size=64),
        train=CONFIG.train.replace(seed=1),
    )
    with pytest.raises(UserError) as caught:
        folder.check_settings(changed)
    assert str(caught.value) == (
        f"{tmp_path}/run holds a run with other settings:\n"
        "  problems: a:2+b:1 then, a:1+b:1 now\n"
        "  model.hidden_size: 32 then, 64 now\n"
        "  train.seed: 0 then, 1 now\n"
        "Give the same settings to go on with it, or another --output_dir."
    )
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert Config.from_dict(record["config"]) == CONFIG


def test_other_data_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path).open(resolved(), prepared())
    with pytest.raises(UserError) as caught:
        RunFolder(tmp_path).open(resolved(), prepared(a="aa", b="cc"))
    assert str(caught.value) == (
        f"{tmp_path} holds a run with other settings:\n"
        "  the data of b is another\n"
        "Give the same settings to go on with it, or another --output_dir."
    )


def test_scalars_are_appended_as_json_and_for_tensorboard(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_scalars(1, {"a/train/xent": 2.5})
    folder.write_scalars(2, {"a/train/xent": 1.5, "train/learning_rate": 0.1})
    lines = [json.loads(line) for line in (tmp_path / "scalars.jsonl").read_text().splitlines()]
    for line in lines:
        del line["time"]
    assert lines == [
        {"step": 1, "a/train/xent": 2.5},
        {"step": 2, "a/train/xent": 1.5, "train/learning_rate": 0.1},
    ]
    assert shown(tmp_path, "a/train/xent") == [(1, 2.5), (2, 1.5)]


def shown(run: Path, scalar: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return [
        (event.step, float(event.tensor_proto.float_val[0])) for event in events.Tensors(scalar)
    ]


def test_tensorboard_drops_what_is_done_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    for step in (1, 2, 3):
        folder.write_scalars(step, {"loss": 10.0 + step})
    folder = RunFolder(tmp_path / "run")
    folder.rewind(1)
    folder.write_scalars(2, {"loss": 0.0})
    assert shown(tmp_path / "run", "loss") == [(1, 11), (2, 0)]


def test_the_newest_samples_of_each_problem_are_kept(tmp_path: Path) -> None:
    old = Sample(6, "text/plain", "", "ein Hund", "a dog", "a cat")
    new = Sample(6, "text/plain", "", "ein Hund", "a dog", "a dog")
    folder = RunFolder(tmp_path)
    folder.write_samples(3, "a", "dev", [old])
    folder.write_samples(3, "b", "test", [old])
    RunFolder(tmp_path).write_samples(4, "a", "dev", [new, old])
    kept = json.loads((tmp_path / "samples.json").read_text())
    assert kept == {
        "a": {"step": 4, "split": "dev", "samples": [new.to_dict(), old.to_dict()]},
        "b": {"step": 3, "split": "test", "samples": [old.to_dict()]},
    }


def test_scalars_of_steps_that_are_done_again_are_dropped(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.rewind(0)  # a new run has none
    for step in (1, 2, 3):
        folder.write_scalars(step, {"a/train/xent": float(step)})
    with open(tmp_path / "scalars.jsonl", "a") as file:
        file.write('{"step": 4, "a/tr')  # cut off by a kill
    folder.rewind(2)
    lines = (tmp_path / "scalars.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def test_tables_appear_whole(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_json("results.json", [{"score": 1.0}])
    assert json.loads((tmp_path / "results.json").read_text()) == [{"score": 1.0}]
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
