"""Weights of another run, where they fit."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.finished_run import TASKS, Run, forget_small_tasks
from helpers.small_models import FLAT_CONFIGS, PROBLEMS

from t2t_multimodel import UserError, usr_dir
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.checkpoints.warm_start import source, take
from t2t_multimodel.config.tree import updated
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.overrides import Overrides, resolve
from t2t_multimodel.train import main

TRANSLATE, CLASSIFY = PROBLEMS[:2]
OCTET = FLAT_CONFIGS["octet"]


@pytest.fixture(autouse=True)
def tasks() -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)


def seeded(seed: int, *arguments: object) -> MultiModel:
    keras.utils.set_random_seed(seed)
    return MultiModel(*arguments)  # type: ignore[arg-type]


def test_what_fits_is_taken_and_the_rest_named() -> None:
    other, model = seeded(1, OCTET, [TRANSLATE]), seeded(2, OCTET, [TRANSLATE, CLASSIFY])
    fresh = {v.path: v.numpy() for v in model.variables}
    found = take(model, other)
    old = {v.path: v.numpy() for v in other.variables}
    for variable in model.variables:
        expected = old.get(variable.path, fresh[variable.path])
        assert np.array_equal(variable.numpy(), expected), variable.path
    assert found.taken.keys() == old.keys()
    assert {path.split("/")[1] for path in found.new} == {
        "image",
        "class_label_pictures",
        "command_to_label",
    }
    assert (found.left, found.misfits) == ({}, {})
    back = take(other, model)
    assert back.left.keys() == found.new.keys() and not back.new
    taken, new, left = back.lines()
    count = sum("/body/" in path for path in old)
    assert taken == f"  taken: body ({count}), text_shared_30_1a2b (1), command_to_german (1)"
    assert new == "  new: nothing"
    assert left.startswith("  left there: image (")


def test_another_shape_begins_afresh() -> None:
    other, model = (
        seeded(1, OCTET, [TRANSLATE]),
        seeded(2, updated(OCTET, {"moe.experts": 3}), [TRANSLATE]),
    )
    fresh = {v.path: v.numpy() for v in model.variables}
    found = take(model, other)
    assert set(found.misfits) == {path for path in fresh if "/mixture/" in path}
    for path, (there, here) in found.misfits.items():
        assert 4 in there and 3 in here, path
    for variable in model.variables:
        same = np.array_equal(variable.numpy(), fresh[variable.path])
        assert same or variable.path not in found.misfits
    assert f"  of another shape, so new: body ({len(found.misfits)})" in found.lines()


def test_a_model_without_anything_in_common_is_refused() -> None:
    narrow = updated(OCTET, {"hidden_size": 12, "moe.hidden": 12})
    with pytest.raises(UserError) as caught:
        take(MultiModel(narrow, [CLASSIFY]), MultiModel(OCTET, [TRANSLATE]))
    assert str(caught.value) == (
        "None of the weights fits this model. multimodel/body/encoder/block0/step1/conv/depthwise, "
        "for one, is [3, 24] there and [3, 12] here.\n"
        "Take the model settings of the run they come from; mm-report RUN shows them."
    )


def test_the_source_must_be_there(tmp_path: Path) -> None:
    assert source("") is None
    with pytest.raises(UserError) as caught:
        source(f"{tmp_path}/none")
    assert str(caught.value) == (
        f"train.warm_start={tmp_path}/none does not exist.\n"
        "mm-trainer writes runs into ./runs/SET. Trained models that ship: octet."
    )


def test_a_run_begins_with_the_weights_and_vocabularies_of_another(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(main, "write_final_table", lambda trainer: [])
    changes = Overrides(
        problems=["made_numbers"],
        hparams="evaluate.steps=0,optimizer.learning_rate=1e-30",
        train_steps=1,
        warm_start=str(run.folder),
    )
    resolved = resolve("made_tiny", changes)
    main.train(resolved, run.data_dir, None, tmp_path)
    told = capsys.readouterr().out.splitlines()
    first = run.folder / "checkpoints" / "step-00000090"
    assert told[0] == f"Weights of {first}:"
    assert told[1].startswith("  taken: body (")
    assert told[2] == "  new: nothing"
    assert told[3].startswith("  left there: image (")
    assert told[4] == "  vocabularies taken: made_words"
    old, new = open_checkpoint(run.folder), open_checkpoint(tmp_path)
    assert new.tokenizers()["made_words"].model == old.tokenizers()["made_words"].model
    before = {v.path: v.numpy() for v in old.model().variables}
    for variable in new.model().variables:
        step = 0.01 if variable.path.endswith("gating/bias") else 0.0  # moved without a rate
        close = np.allclose(variable.numpy(), before[variable.path], atol=1e-12 + 1.01 * step)
        assert close, variable.path
    main.train(resolved, run.data_dir, None, tmp_path)
    assert capsys.readouterr().out.startswith(f"Going on from {new.path}, step 1.\n")
