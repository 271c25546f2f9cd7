"""Whole models of Tensor2Tensor: every block's output, the losses and all gradients."""

import numpy as np
import pytest
import tensorflow as tf
from golden import (
    GivenNoise,
    Golden,
    image_net,
    label_net,
    text_net,
    v1_decoder,
    v1_encoder,
    v2_body,
)

from t2t_multimodel.config import (
    ExpertsConfig,
    ModelConfig,
    T2TNetsConfig,
    T2TV1BodyConfig,
    T2TV2BodyConfig,
)
from t2t_multimodel.config.tree import updated
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

T2T = {
    "nets": T2TNetsConfig(),
    "moe": ExpertsConfig(experts=4, per_token=2, hidden=48, route_padding=True),
    "share_embeddings": False,
    "dropout": 0.0,
}
V1 = ModelConfig(
    body=T2TV1BodyConfig(encoder_blocks=(1, 2), decoder_blocks=(1, 1), separability=-2),
    hidden_size=48,
    block_kernels=(3, 7, 15, 31),
    block_dilations=(1, 1, 1, 1),
    **T2T,
)
V2 = ModelConfig(
    body=T2TV2BodyConfig(
        encoder_layers=2, decoder_layers=2, heads=4, filter_size=64, moe_layers=(0,)
    ),
    hidden_size=32,
    block_dilations=(1, 1, 1, 4),
    **T2T,
)
TEXT = Signature("text", "text/fifty", 50, (None,), 7)
IMAGE = Signature("image", "image", 0, (64, 64, 3), 4096)
LABEL = Signature("class_label", "class_label/ten", 10, (), 1)
NAME = "translate"


def text_model(golden, config):
    model = MultiModel(config, [ProblemSignature(NAME, "space", TEXT, TEXT)])
    golden.put(pairs(model))
    token = golden["w/target_space_embedding"][golden["in/target_space_id"]]
    model.commands["space"].token.assign(token)
    return model


def image_model(golden):
    model = MultiModel(V1, [ProblemSignature(NAME, "space", IMAGE, LABEL)])
    golden.put(pairs(model))
    return model


def pairs(model):
    """(variable, key) of all weights that the file has."""
    if model.config.body.kind == "t2t_v2":
        yield from v2_body(model.body)
    else:
        yield from v1_encoder(model.body)
    for identity, net in model.nets.items():
        if identity == TEXT.identity:
            yield from text_net(net)
        elif identity == IMAGE.identity:
            yield from image_net(net, "image_modality/")
        else:
            yield from label_net(net, "class_label_top/")
    if model.config.body.kind == "t2t_v1" and TEXT.identity in model.nets:
        yield from v1_decoder(model.body)


def batch_of(golden):
    inputs, targets = golden["in/inputs"], golden["in/targets"]
    if inputs.shape[-1] == 3:
        return {
            "inputs": inputs.astype("uint8"),
            "inputs_length": np.full(2, 4096),
            "targets": targets.reshape(2),
            "targets_length": np.ones(2, "int32"),
        }
    inputs, targets = inputs[:, :, 0, 0], targets[:, :, 0, 0]
    return {
        "inputs": inputs,
        "inputs_length": (inputs != 0).sum(axis=1),
        "targets": targets,
        "targets_length": (targets != 0).sum(axis=1),
    }


def mode_of(golden, mode, layers):
    if mode == "eval":
        return {}
    noise = [golden[f"in/standard_normal_noise/{layer}"] for layer in layers]
    return {"training": True, "seed": GivenNoise(*noise)}


def check_model(golden, model, mode, layers, label_smoothing):
    """Logits and losses; returns the routing."""
    batch = batch_of(golden)
    outputs = model(batch, problem=NAME, **mode_of(golden, mode, layers))
    golden.check(outputs["logits"], f"out/{mode}/logits")
    golden.check(outputs["aux_loss"], f"out/{mode}/extra_loss")
    loss, metrics, _ = problem_loss(
        model, batch, NAME, label_smoothing=label_smoothing, **mode_of(golden, mode, layers)
    )
    golden.check(loss - metrics["aux_loss"], f"out/{mode}/training_loss")
    return outputs["routing"]


def check_gradients(golden, model, layers):
    """Gradients of loss and balance loss together, of every weight, in training."""
    keys = {id(variable): key for variable, key in pairs(model)}
    with tf.GradientTape() as tape:
        loss, _, _ = problem_loss(
            model, batch_of(golden), NAME, label_smoothing=0.1, **mode_of(golden, "train", layers)
        )
    variables = [v for v in model.trainable_variables if id(v) in keys]
    gradients = tape.gradient(loss, [v.value for v in variables])
    checked = 0
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient is not None:
            golden.check(tf.convert_to_tensor(gradient), f"grad/{keys[id(variable)]}")
            checked += 1
    spaces = golden.keys("grad/target_space_embedding")
    assert checked + len(spaces) == len(golden.keys("grad/"))
    assert checked > 50


V1_TEXT = ("experts_enc", "experts_dec")
V2_TEXT = ("enc_layer_0", "enc_layer_1", "dec_layer_0")


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_v1_text(mode):
    golden = Golden("14_multimodel_v1_text")
    routing = check_model(golden, text_model(golden, V1), mode, V1_TEXT, 0.1)
    for ours, key in zip(("encoder", "decoder"), V1_TEXT, strict=True):
        golden.check(routing[ours].loss / 1e-2, f"mid/{mode}/{key}_loss")


def test_v1_text_gradients():
    golden = Golden("14_multimodel_v1_text")
    check_gradients(golden, text_model(golden, V1), V1_TEXT)


@pytest.mark.parametrize(
    "name, config, encoder, decoder",
    [
        ("14_multimodel_v1_text", V1, "encoder2", "decoder2"),
        ("14_multimodel_v2_text", V2, "enc_layer_1", "dec_layer_1"),
    ],
)
def test_encoder_and_decoder_end_where_the_originals_do(name, config, encoder, decoder):
    golden = Golden(name)
    model, batch = text_model(golden, config), batch_of(golden)
    encoded = model.encode(batch, NAME)
    golden.check(encoded.x_BLD, f"mid/eval/{encoder}")
    h = model.decode(encoded, batch["targets"], batch["targets_length"], NAME)
    golden.check(h, f"mid/eval/{decoder}")


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_v1_image_to_class(mode):
    golden = Golden("14_multimodel_v1_image_class")
    check_model(golden, image_model(golden), mode, V1_TEXT[:1], 0.1)


@pytest.mark.parametrize("mode, label_smoothing", [("eval", 0.0), ("train", 0.1)])
def test_v2_text(mode, label_smoothing):
    golden = Golden("14_multimodel_v2_text")
    routing = check_model(golden, text_model(golden, V2), mode, V2_TEXT, label_smoothing)
    for i in range(2):
        golden.check(
            routing[f"encoder{i}"].loss / 1e-2, f"mid/{mode}/enc_layer_{i}_moe_loss_unscaled"
        )


def test_v2_text_gradients():
    golden = Golden("14_multimodel_v2_text")
    check_gradients(golden, text_model(golden, V2), V2_TEXT)


@pytest.mark.parametrize(
    "name, config, wrong",
    [
        ("14_multimodel_v1_text", V1, {"block_dilations": (1, 1, 1, 2)}),
        ("14_multimodel_v1_text", V1, {"moe.per_token": 1}),
        ("14_multimodel_v2_text", V2, {"block_dilations": (1, 1, 1, 1)}),
        ("14_multimodel_v2_text", V2, {"body.heads": 2}),
    ],
)
def test_logits_depend_on_the_config(name, config, wrong):
    golden = Golden(name)
    model = text_model(golden, updated(config, wrong))
    logits = model(batch_of(golden), problem=NAME)["logits"]
    assert not golden.is_close(logits, "out/eval/logits")


def test_logits_depend_on_the_command():
    golden = Golden("14_multimodel_v1_text")
    model = text_model(golden, V1)
    model.commands["space"].token.assign(golden["w/target_space_embedding"][0])
    logits = model(batch_of(golden), problem=NAME)["logits"]
    assert not golden.is_close(logits, "out/eval/logits")
