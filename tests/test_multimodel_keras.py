"""What Keras offers works on the model: saving, summary, precision, compilation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.small_models import CONFIGS, NAMES, OCTET, PROBLEMS, batch_for

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

BY_NAME = {problem.name: problem for problem in PROBLEMS}


@pytest.mark.parametrize("config", ["octet", "t2t_v1"])
def test_a_saved_model_comes_back_with_config_problems_and_weights(tmp_path, config):
    model = MultiModel(CONFIGS[config], PROBLEMS)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, MultiModel)
    assert loaded.config == model.config
    assert loaded.problems == model.problems
    assert [v.path for v in loaded.variables] == [v.path for v in model.variables]
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    batch = batch_for(BY_NAME["translate"])
    np.testing.assert_array_equal(
        loaded(batch, problem="translate")["logits"], model(batch, problem="translate")["logits"]
    )


def test_weights_go_to_another_model_of_the_same_problems(tmp_path):
    model, other = MultiModel(OCTET, PROBLEMS), MultiModel(OCTET, PROBLEMS)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_config_is_json():
    model = MultiModel(OCTET, PROBLEMS)
    again = MultiModel.from_config(keras.saving.serialize_keras_object(model)["config"])
    assert again.config == OCTET and again.problems == model.problems


def test_summary_names_the_parts_and_counts_parameters():
    model = MultiModel(OCTET, PROBLEMS)
    lines = []
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert f"Total params: {model.count_params():,}" in text
    for name in ("body", "image", "command_to_english"):
        assert name in text


@pytest.fixture
def mixed_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", NAMES)
def test_mixed_bfloat16_stays_near_float32(name, tmp_path, mixed_bfloat16):
    mixed = MultiModel(OCTET, [BY_NAME[name]])
    keras.config.set_dtype_policy("float32")
    exact = MultiModel(OCTET, [BY_NAME[name]])
    for ours, theirs in zip(mixed.variables, exact.variables, strict=True):
        assert ours.dtype == "float32"
        theirs.assign(ours.value)
    batch = batch_for(BY_NAME[name])
    assert mixed(batch, problem=name)["logits"].dtype == tf.bfloat16
    loss, _, _ = problem_loss(mixed, batch, name, label_smoothing=0.1)
    expected, _, _ = problem_loss(exact, batch, name, label_smoothing=0.1)
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(float(expected), abs=0.05)
    trained, _, _ = problem_loss(mixed, batch, name, training=True, seed=StepSeed(1))
    assert np.isfinite(float(trained))


def test_a_pass_can_be_compiled_by_xla():
    model, batch = MultiModel(OCTET, PROBLEMS[:1]), batch_for(PROBLEMS[0])

    def losses(batch):
        loss, metrics, _ = problem_loss(model, batch, "translate", label_smoothing=0.1)
        return {**metrics, "loss": loss}

    with fast.for_xla():
        compiled = tf.function(losses, jit_compile=True)(batch)
    for key, expected in losses(batch).items():
        np.testing.assert_allclose(compiled[key], expected, rtol=1e-4, err_msg=key)
