import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.small_models import (
    CONFIGS,
    EN_DE,
    IMAGE,
    LABEL,
    LOG_MEL,
    NAMES,
    OCTET,
    PAPER,
    PROBLEMS,
    batch_for,
)

from t2t_multimodel.backend import batch_spec
from t2t_multimodel.config import ModelConfig
from t2t_multimodel.config.tree import updated
from t2t_multimodel.data.collate import fill_up
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss, score
from t2t_multimodel.multimodel import MultiModel

BY_NAME = {problem.name: problem for problem in PROBLEMS}


@pytest.fixture(scope="module")
def models():
    """One model of every config, its routers with preferences as after some training."""
    made = {}
    for name, config in CONFIGS.items():
        keras.utils.set_random_seed(3)
        made[name] = MultiModel(config, PROBLEMS)
        prefer(made[name])
    return made


def prefer(model):
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if variable.path.endswith("gating/gate"):
            variable.assign(rng.normal(size=variable.shape))


@pytest.mark.parametrize("class_path", ["encoder", "decoder"])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_down_the_gradient_lowers_the_loss(name, class_path):
    keras.utils.set_random_seed(1)
    model = MultiModel(
        updated(OCTET, {"nets.class_path": class_path, "dropout": 0.0}), [BY_NAME[name]]
    )
    prefer(model)  # or the step would flip ties between experts
    batch = batch_for(BY_NAME[name])
    variables = [v.value for v in model.trainable_variables]
    with tf.GradientTape() as tape:
        before, _, _ = problem_loss(model, batch, name)
    pairs = zip(tape.gradient(before, variables), variables, strict=True)
    pairs = [(tf.convert_to_tensor(g), v) for g, v in pairs if g is not None]
    norm = tf.linalg.global_norm([g for g, _ in pairs])
    for gradient, variable in pairs:
        variable.assign_sub(0.004 * gradient / norm)
    after, _, _ = problem_loss(model, batch, name)
    assert float(after) < float(before) - 0.5 * 0.004 * float(norm)


@pytest.mark.parametrize("config", ["paper", "octet"])
@pytest.mark.parametrize("name", ["translate", "caption", "transcribe"])
def test_the_first_loss_is_near_that_of_a_guess(name, config):
    keras.utils.set_random_seed(1)
    model = MultiModel(CONFIGS[config], PROBLEMS)
    _, metrics, _ = problem_loss(
        model, batch_for(BY_NAME[name]), name, training=True, seed=StepSeed(1)
    )
    assert float(metrics["xent"]) == pytest.approx(np.log(30), abs=1.0)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("name", ["translate", "transcribe"])
def test_predictions_depend_on_the_past_alone(models, config, name):
    batch = batch_for(BY_NAME[name])
    before = np.asarray(models[config](batch, problem=name)["logits"])
    batch["targets"] = batch["targets"].copy()
    batch["targets"][0, 3] = 2 + (batch["targets"][0, 3] + 1) % 20
    after = np.asarray(models[config](batch, problem=name)["logits"])
    changed = np.abs(after - before).max(axis=-1) > 1e-6
    np.testing.assert_array_equal(changed[0, :4], False)
    assert changed[0, 4:].all()
    np.testing.assert_array_equal(changed[1:], False)


PADDED = [(config, name) for config in ("paper", "octet") for name in NAMES]
PADDED += [("t2t_v1", "translate"), ("t2t_v2", "translate")]


@pytest.mark.parametrize("config, name", PADDED)
def test_predictions_depend_neither_on_padding_nor_on_batch_mates(models, config, name):
    model, batch = models[config], batch_for(BY_NAME[name])
    together = np.asarray(model(batch, problem=name)["logits"])
    for row in (1, 2):
        alone = {key: values[row : row + 1] for key, values in batch.items()}
        for key in ("inputs", "targets"):
            if BY_NAME[name].__getattribute__(key).shape[:1] == (None,):
                alone[key] = alone[key][:, : alone[f"{key}_length"][0]]
        logits = np.asarray(model(alone, problem=name)["logits"])
        length = logits.shape[1]
        np.testing.assert_allclose(together[row, :length], logits[0], rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("config", ["paper", "octet"])
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_the_padding_is_not_looked_at(models, config, name):
    batch = batch_for(BY_NAME[name])
    _, before, _ = problem_loss(models[config], batch, name, label_smoothing=0.1)
    for key in ("inputs", "targets"):
        values = batch[key].copy()
        if values.ndim > 1 and BY_NAME[name].__getattribute__(key).shape[:1] == (None,):
            values[np.arange(values.shape[1]) >= batch[f"{key}_length"][:, None]] = 9
        batch[key] = values
    _, after, _ = problem_loss(models[config], batch, name, label_smoothing=0.1)
    for key, value in before.items():
        np.testing.assert_allclose(after[key], value, rtol=1e-4, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_filler_rows_count_nowhere(models, name):
    batch = batch_for(BY_NAME[name])
    filled = fill_up(batch, len(batch["targets_length"]) + 2)
    loss, metrics, _ = problem_loss(models["octet"], batch, name, label_smoothing=0.1)
    with_fillers = problem_loss(models["octet"], filled, name, label_smoothing=0.1)
    np.testing.assert_allclose(with_fillers.loss, loss, rtol=1e-5)
    for key, value in metrics.items():
        np.testing.assert_allclose(
            with_fillers.metrics[key], value, rtol=1e-4, atol=1e-6, err_msg=key
        )


def test_metrics_are_means_over_real_targets(models):
    batch = batch_for(BY_NAME["translate"])
    logits = np.asarray(models["octet"](batch, problem="translate")["logits"], "float64")
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    real = np.arange(7) < batch["targets_length"][:, None]
    nats = -np.take_along_axis(log_p, batch["targets"][..., None], axis=-1)[..., 0]
    loss, metrics, _ = problem_loss(models["octet"], batch, "translate")
    assert float(metrics["tokens"]) == 14
    assert float(metrics["xent"]) == pytest.approx(nats[real].mean(), rel=1e-5)
    hits = (logits.argmax(axis=-1) == batch["targets"])[real].mean()
    assert float(metrics["accuracy"]) == pytest.approx(hits)
    assert float(loss) == pytest.approx(nats[real].mean() + float(metrics["aux_loss"]), rel=1e-5)


def test_scores_give_each_targets_nats(models):
    batch = batch_for(BY_NAME["translate"])
    scores, weights, routing = score(models["octet"], batch, "translate")
    _, metrics, _ = problem_loss(models["octet"], batch, "translate")
    mean = np.sum(np.asarray(scores.nats) * weights) / np.sum(weights)
    assert mean == pytest.approx(float(metrics["xent"]), rel=1e-6)
    assert set(routing) == {"encoder", "decoder"}
    for layer in routing.values():
        assert float(np.sum(layer.share_E)) == pytest.approx(1.0)


def test_training_repeats_itself_for_a_step_and_differs_between_steps(models):
    batch = batch_for(BY_NAME["translate"])
    losses = [
        float(problem_loss(models["octet"], batch, "translate", True, StepSeed(step))[0])
        for step in (5, 5, 6)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_decoding_from_an_encoding_gives_the_same_logits(models):
    model, batch = models["octet"], batch_for(BY_NAME["transcribe"])
    encoded = model.encode(batch, "transcribe")
    h = model.decode(encoded, batch["targets"], batch["targets_length"], "transcribe")
    np.testing.assert_allclose(
        model.logits(h, "transcribe"), model(batch, problem="transcribe")["logits"], atol=1e-6
    )


def test_problems_share_the_nets_of_equal_identity():
    model = MultiModel(PAPER, PROBLEMS)
    assert sorted(model.nets) == sorted(
        ["text/shared-30-1a2b", "image", "audio_log_mel/8000/6", "audio_waveform/8000"]
        + ["class_label/pictures"]
    )
    assert sorted(model.commands) == ["to_english", "to_german", "to_label"]


def test_a_problem_of_known_modalities_adds_a_command_token_alone():
    more = ProblemSignature("caption_in_german", "to_bavarian", IMAGE, EN_DE)
    before, after = (MultiModel(OCTET, p).count_params() for p in (PROBLEMS, (*PROBLEMS, more)))
    assert after - before == OCTET.hidden_size


def test_vocabularies_of_equal_size_stay_apart():
    other = Signature("text", "text/other-30-3c4d", 30, (None,), 20)
    pair = ProblemSignature("pair", "to_other", EN_DE, other)
    assert len(MultiModel(PAPER, [pair]).nets) == 2


def test_pictures_of_all_sizes_and_colours_share_a_net(models):
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1)).astype(np.uint8)
    batch = {"inputs": image, "inputs_length": np.array([64])}
    grey = models["octet"].encode(batch, "classify")
    colour = models["octet"].encode({**batch, "inputs": np.repeat(image, 3, axis=-1)}, "classify")
    np.testing.assert_allclose(grey.x_BLD, colour.x_BLD, atol=1e-6)


def test_all_variables_exist_at_once_under_names_that_say_where():
    paths = [v.path for v in MultiModel(OCTET, PROBLEMS).variables]
    assert len(set(paths)) == len(paths)
    assert paths == [v.path for v in MultiModel(OCTET, PROBLEMS).variables]
    for path in (
        "multimodel/body/encoder/block0/step4/conv/depthwise",
        "multimodel/body/encoder/experts/mixture/experts_kernel0",
        "multimodel/body/mixer/attention/source_attention/key/kernel",
        "multimodel/body/decoder/attention1/self_norm/scale",
        "multimodel/text_shared-30-1a2b/embedding",
        "multimodel/command_to_english/token",
    ):
        assert path.replace("-", "_") in paths, path


@pytest.mark.parametrize("config", CONFIGS)
def test_no_variable_is_made_or_left_over_by_a_pass(models, config):
    model = models[config]
    before = [v.path for v in model.variables]
    reached = set()
    for name in NAMES:
        if config.startswith("t2t") and name == "listen":
            continue
        with tf.GradientTape() as tape:
            loss, _, _ = problem_loss(
                model, batch_for(BY_NAME[name]), name, training=True, seed=StepSeed(1)
            )
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        reached |= {
            v.path
            for v, g in zip(model.trainable_variables, gradients, strict=True)
            if g is not None
        }
    assert [v.path for v in model.variables] == before
    missed = {v.path for v in model.trainable_variables} - reached
    assert all("to_label" in path or "waveform" in path for path in missed), missed


def test_one_trace_serves_all_lengths():
    model = MultiModel(OCTET, PROBLEMS[:1])
    traces = []

    @tf.function(input_signature=[batch_spec(PROBLEMS[0])])
    def loss(batch):
        traces.append(1)
        return problem_loss(model, batch, "translate", training=True, seed=StepSeed(1))[0]

    batch = batch_for(PROBLEMS[0])
    longer = {key: np.pad(v, [[0, 0], [0, 4]]) if v.ndim == 2 else v for key, v in batch.items()}
    assert np.isfinite(float(loss(batch))) and np.isfinite(float(loss(longer)))
    assert len(traces) == 1


def test_an_unknown_problem_gets_a_suggestion(models):
    with pytest.raises(UserError, match=r"^No problem of this model is named 'translat'\. Did"):
        problem_loss(models["octet"], {}, "translat")


@pytest.mark.parametrize("role", ["inputs", "targets"])
def test_a_modality_in_a_place_it_has_no_way_to_is_an_error(role):
    wrong = {"inputs": (LABEL, EN_DE), "targets": (EN_DE, LOG_MEL)}[role]
    net, method = {
        "inputs": ("ClassLabelModality", "embed"),
        "targets": ("LogMelModality", "logits"),
    }[role]
    modality = wrong[role == "targets"].modality
    with pytest.raises(UserError) as raised:
        MultiModel(PAPER, [ProblemSignature("wrong", "to_x", *wrong)])
    assert str(raised.value) == (
        f"Features of modality '{modality}' can not be {role}.\n"
        f"Its net, {net}, has no method `{method}`."
    )


def body_parameters(config):
    """What the equations of the paper's body count."""
    d, e, h, body = config.hidden_size, config.moe.experts, config.moe.hidden, config.body
    # four steps: depthwise k d, pointwise d d, norm 2 d
    block = sum(k * d + d * d + 2 * d for k in config.block_kernels)
    # Wg and Wn: d e each; e experts of d h + h d; the norm around them
    experts = 2 * d * e + e * 2 * d * h + 2 * d
    # self-attention has no weights of its own, source attention has K and V
    attention = 2 * d * d
    # what the octet adds: two output maps, two norms
    attention += 2 * d * d * body.attention.projection + 2 * 2 * d * body.attention.norm
    pairs = sum(body.decoder_blocks)
    blocks = sum(body.encoder_blocks) + body.mixer_pre_blocks + body.mixer_blocks + pairs
    return blocks * block + (1 + pairs) * attention + 2 * experts


@pytest.mark.parametrize("config", ["paper", "octet"])
def test_the_body_has_the_parameters_that_its_equations_count(models, config):
    assert models[config].body.count_params() == body_parameters(CONFIGS[config])


def test_the_papers_sizes_give_a_body_of_a_billion():
    # 14 blocks of 36 x 1024 + 4 x 1024^2 + 8 x 1024 = 4,239,360:           59,351,040
    # 5 attentions of 2 x 1024^2:                                          10,485,760
    # 2 x (2 x 1024 x 240 + 240 x 2 x 1024 x 1024 + 2 x 1024):          1,007,620,096
    assert body_parameters(ModelConfig()) == 1_077_456_896


def test_a_small_model_has_the_parameters_counted_by_hand():
    config = updated(
        OCTET,
        {
            "hidden_size": 128,
            "body.attention.heads": 8,
            "block_kernels": (3, 3, 15, 15),
            "block_dilations": (1, 1, 1, 8),
            "moe.experts": 8,
            "moe.hidden": 256,
        },
    )
    # 6 blocks of 36 x 128 + 4 x 128^2 + 8 x 128 = 71,168:                     427,008
    # 3 attentions of 4 x 128^2 + 4 x 128 = 66,048:                           198,144
    # 2 mixtures of 2 x 128 x 8 + 8 x 2 x 128 x 256 + 256 = 526,592:        1,053,184
    model = MultiModel(config, PROBLEMS[:1])
    assert model.body.count_params() == 1_678_336
    # one table of 30 pieces, one command token
    assert model.count_params() == 1_678_336 + 30 * 128 + 128
