"""Trackers get the scalars of a run, offline; a run that goes on goes on there too."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import Config, TrainConfig, UserError, rates
from t2t_multimodel.runs import trackers

CONFIG = Config(problems=rates("octet_ende"), train=TrainConfig(steps=7))
SCALARS = {"octet_ende/train/xent": 2.5, "share_encoder": [0.5, 0.5]}


def begun(name: str, folder: Path) -> trackers.Tracker:
    tracker = trackers.begin(name, folder, CONFIG)
    assert tracker is not None
    return tracker


def test_none_is_no_tracker(tmp_path: Path) -> None:
    assert trackers.begin("none", tmp_path, CONFIG) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("default")  # the file store of MLflow announces its end
def test_mlflow_has_settings_and_scalars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    mlflow: Any = pytest.importorskip("mlflow")
    folder = tmp_path / "run"
    folder.mkdir()
    first = begun("mlflow", folder)
    first.add(1, SCALARS)
    first.close()
    second = begun("mlflow", folder)
    second.add(2, {**SCALARS, "octet_ende/train/xent": 2.0})
    second.close()
    client = mlflow.MlflowClient((tmp_path / "mlruns").as_uri())
    run = client.get_run(json.loads((folder / trackers.FILE).read_text())["mlflow"])
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    assert run.data.params["train.steps"] == "7"
    history = client.get_metric_history(run.info.run_id, "octet_ende/train/xent")
    assert [(one.step, one.value) for one in history] == [(1, 2.5), (2, 2.0)]
    assert list(run.data.metrics) == ["octet_ende/train/xent"]


def wandb_bytes(folder: Path) -> bytes:
    """What the files of wandb hold once scalars are in them: it writes them in another process."""
    end = time.monotonic() + 60
    while True:
        written = b"".join(file.read_bytes() for file in (folder / "wandb").rglob("*.wandb"))
        if b"octet_ende/train/xent" in written or time.monotonic() > end:
            return written
        time.sleep(0.05)


def test_wandb_writes_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for name in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "run"
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        first = begun("wandb", folder)
        first.add(1, SCALARS)
        first.close()
        # wandb names its file by the second, so that a run resumed at once writes over this one.
        written = wandb_bytes(folder)
        second = begun("wandb", folder)
        second.close()
    # offline-run-TIME-ID, and -1 behind it where newer versions find a file of the same second
    (number,) = {one.name.split("-")[3] for one in (folder / "wandb").glob("offline-run-*")}
    assert json.loads((folder / trackers.FILE).read_text()) == {"wandb": number}
    assert b"octet_ende/train/xent" in written
    assert b"share_encoder" not in written


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_missing_package_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError) as caught:
        trackers.check(name)
    assert caught.value.message == (
        f"train.report_to={name} needs the package {name}, which is not installed."
    )
    assert caught.value.fix == f"pip install 't2t-multimodel[{name}]'"
