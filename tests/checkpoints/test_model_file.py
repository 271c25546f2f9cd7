"""A model file is read as values and weights, whatever class it names."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.model_file import WEIGHTS, load_model, model_config
from t2t_multimodel.multimodel import MultiModel

FIX = "Only checkpoints that mm-trainer wrote are read: a file may not name its code."


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[MultiModel, Path]:
    model = MultiModel(FLAT_CONFIGS["paper"], PROBLEMS[:1])
    file = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(file)
    return model, file


def altered(saved: Path, file: Path, **members: Any) -> Path:
    """The archive with other members in the place of its own."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, members.get(name.replace(".", "_"), old.read(name)))
    return file


def config_of(saved: Path) -> dict[str, Any]:
    with zipfile.ZipFile(saved) as archive:
        return json.loads(archive.read("config.json"))


def test_a_saved_model_comes_back(saved: tuple[MultiModel, Path]) -> None:
    model, file = saved
    loaded = load_model(file)
    assert loaded.get_config() == model.get_config()
    for a, b in zip(loaded.variables, model.variables, strict=True):
        assert a.path == b.path and np.array_equal(a.numpy(), b.numpy())


def test_a_file_of_another_class_is_refused(saved: tuple[MultiModel, Path], tmp_path: Path) -> None:
    dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dense.save(tmp_path / "dense.keras")
    evil = {"module": "os", "class_name": "system", "config": {"command": "touch hit"}}
    call = altered(saved[1], tmp_path / "call.keras", config_json=json.dumps(evil))
    for file in (tmp_path / "dense.keras", call):
        with pytest.raises(UserError) as caught:
            load_model(file)
        assert str(caught.value) == f"{file} holds no model of this package, but None.\n{FIX}"


def test_a_class_among_the_settings_is_refused(
    saved: tuple[MultiModel, Path], tmp_path: Path
) -> None:
    config = config_of(saved[1])
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {}}
    config["config"]["problems"].append({"name": "x", "inputs": layer})
    file = altered(saved[1], tmp_path / "model.keras", config_json=json.dumps(config))
    with pytest.raises(UserError) as caught:
        load_model(file)
    assert str(caught.value) == f"{file} names the class 'Lambda' in its settings.\n{FIX}"


def test_weights_that_lie_elsewhere_are_refused(
    saved: tuple[MultiModel, Path], tmp_path: Path
) -> None:
    for link in (h5py.ExternalLink("/etc/hostname", "x"), h5py.SoftLink("/layers")):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as weights:
            weights["away"] = link
        changed = {WEIGHTS.replace(".", "_"): buffer.getvalue()}
        file = altered(saved[1], tmp_path / "model.keras", **changed)
        with pytest.raises(UserError) as caught:
            load_model(file)
        assert caught.value.message == (
            f"{file}: the weights away lie elsewhere; a checkpoint must hold its own."
        )


def test_a_file_that_is_no_archive_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    for content, how in (
        (b"weights", "File is not a zip file"),
        (None, "it is missing"),
    ):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(UserError) as caught:
            model_config(file)
        assert str(caught.value) == (
            f"{file} is damaged: {how}.\nTake another checkpoint of its run."
        )
