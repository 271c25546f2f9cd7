"""Mixed bfloat16: products in bfloat16, weights and losses in float32, nearly the same numbers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

BY_NAME = {problem.name: problem for problem in PROBLEMS}
CASES = [
    ("paper", "translate"),
    ("octet", "transcribe"),
    ("octet", "classify"),
    ("t2t_v1", "listen"),
    ("t2t_v2", "translate"),
]


def model_of(config: str, name: str, precision: str) -> MultiModel:
    keras.utils.set_random_seed(3)
    return MultiModel(FLAT_CONFIGS[config].replace(precision=precision), [BY_NAME[name]])


def array(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize(("config", "name"), CASES)
def test_the_loss_is_nearly_the_same_and_in_float32(config: str, name: str) -> None:
    batch = batch_for(BY_NAME[name])
    found = {}
    for precision in ("float32", "mixed_bfloat16"):
        model = model_of(config, name, precision)
        loss, scalars, _ = problem_loss(model, batch, name)  # without noise, whose draws differ
        assert keras.backend.standardize_dtype(loss.dtype) == "float32"
        found[precision] = float(array(scalars["xent"]))
    assert found["mixed_bfloat16"] == pytest.approx(found["float32"], rel=0.05)
    assert found["mixed_bfloat16"] != found["float32"]


def test_weights_stay_float32_and_the_setting_of_keras_too() -> None:
    model = model_of("octet", "translate", "mixed_bfloat16")
    assert {v.dtype for v in model.variables} == {"float32"}
    assert model.body.compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_a_saved_model_computes_in_bfloat16_again(tmp_path: Path) -> None:
    model, batch = model_of("octet", "translate", "mixed_bfloat16"), batch_for(PROBLEMS[0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.body.compute_dtype == "bfloat16"
    logits = [array(m(batch, problem="translate")["logits"]) for m in (model, loaded)]
    assert np.array_equal(*logits)
