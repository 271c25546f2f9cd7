"""The second loss of problems from audio to text."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.small_models import CONFIGS, EN_DE, OCTET, PROBLEMS, batch_for

from t2t_multimodel.errors import UserError
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import ProblemLoss, ctc_scores, problem_loss
from t2t_multimodel.multimodel import MultiModel

TRANSLATE, TRANSCRIBE, LISTEN = PROBLEMS[0], PROBLEMS[3], PROBLEMS[4]
SPELLING = np.zeros((EN_DE.size, 1), np.uint8)
SPELLING[2:, 0] = np.arange(97, 97 + EN_DE.size - 2)


def model_with(weight: float, config: str = "octet") -> MultiModel:
    keras.utils.set_random_seed(3)
    spellings = {EN_DE.identity: SPELLING, "text/of-no-problem": SPELLING}
    return MultiModel(CONFIGS[config].replace(ctc_weight=weight), PROBLEMS, spellings)


def loss_of(model: MultiModel, problem: str, training: bool = True) -> ProblemLoss:
    signature = model.signature(problem)
    return problem_loss(model, batch_for(signature), problem, training, StepSeed(1))


def test_it_is_off_by_default_and_then_has_no_weights() -> None:
    model = model_with(OCTET.ctc_weight)
    assert not any("ctc" in variable.path for variable in model.variables)
    assert "ctc" not in loss_of(model, "transcribe")[1]


def test_it_adds_one_layer_for_the_audio_that_becomes_text() -> None:
    added = model_with(1.0).count_params() - model_with(0.0).count_params()
    assert list(model_with(1.0).ctc) == [TRANSCRIBE.inputs.identity]
    assert added == OCTET.hidden_size * 256 + 256


def test_its_weight_scales_what_it_adds_to_the_loss() -> None:
    # random draws are the same: the layer is made last and draws nothing in training
    without = loss_of(model_with(0.0), "transcribe").loss
    once, metrics, _ = loss_of(model_with(1.0), "transcribe")
    twice = loss_of(model_with(2.0), "transcribe").loss
    assert float(metrics["ctc_fits"]) == pytest.approx(2 / 3)  # 7 bytes, 6 positions
    assert float(once - without) == pytest.approx(float(metrics["ctc"]), rel=1e-4)
    assert float(twice - without) == pytest.approx(2 * float(metrics["ctc"]), rel=1e-4)


@pytest.mark.parametrize("problem", ["translate", "classify", "caption", "listen"])
def test_other_problems_do_not_have_it(problem: str) -> None:
    assert "ctc" not in loss_of(model_with(1.0), problem)[1]


def test_it_is_not_part_of_an_evaluation() -> None:
    assert "ctc" not in loss_of(model_with(1.0), "transcribe", training=False)[1]


@pytest.mark.parametrize("config", CONFIGS)
def test_it_teaches_the_encoder_of_every_variant(config: str) -> None:
    model = model_with(1.0, config)
    batch = batch_for(TRANSCRIBE)
    with tf.GradientTape() as tape:
        encoded = model.encode(batch, "transcribe", True, StepSeed(1))
        nats = ctc_scores(model, encoded, batch, "transcribe").nats
    variables = [v for v in model.trainable_variables if "encoder" in v.path]
    gradients = tape.gradient(nats, [v.value for v in variables])
    moved = [g is not None and float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients]
    assert sum(moved) > len(moved) / 2


def test_a_vocabulary_whose_spelling_is_unknown_is_refused() -> None:
    model = MultiModel(OCTET.replace(ctc_weight=1.0), PROBLEMS)
    with pytest.raises(UserError) as caught:
        loss_of(model, "transcribe")
    assert str(caught.value).startswith(
        "ctc_weight needs to know how 'text/shared-30-1a2b' is spelt."
    )


def test_a_model_keeps_the_spellings_of_what_it_spells_alone() -> None:
    assert list(model_with(1.0).spellings) == [EN_DE.identity]
    assert not model_with(0.0).spellings


def test_a_loaded_model_needs_nothing_more_to_be_trained(tmp_path) -> None:
    model = model_with(1.0)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(loaded.spellings[EN_DE.identity], SPELLING)
    assert float(loss_of(loaded, "transcribe")[0]) == float(loss_of(model, "transcribe")[0])
