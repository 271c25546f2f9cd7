"""Tensor2Tensor's image, audio and label nets against numbers that it computed."""

import numpy as np
import pytest
from golden import Golden, audio_net, image_net, label_net

from t2t_multimodel.config import AttentionConfig, ModelConfig, PaperBodyConfig, T2TNetsConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.loss import cross_entropy
from t2t_multimodel.modalities.image import standardised
from t2t_multimodel.t2t.audio_net import T2TLogMelModality, T2TWaveformModality
from t2t_multimodel.t2t.class_label_net import (
    T2TClassLabel1DModality,
    T2TClassLabelModality,
)
from t2t_multimodel.t2t.image_net import T2TImageModality


def built(net, modality, width, size=0, shape=(), **config):
    body = PaperBodyConfig(attention=AttentionConfig(heads=1))
    config = ModelConfig(hidden_size=width, body=body, nets=T2TNetsConfig(**config))
    net = net(config, Signature(modality, modality, size, shape, 1))
    net.build()
    return net


def test_image_net():
    golden = Golden("09_image_bottom_v1")
    net = built(T2TImageModality, "image", 24)
    golden.put(image_net(net, ""))
    golden.check(standardised(golden["in/image"].astype("float32")), "out/standardized")
    embedded = net.embed(golden["in/image"], np.array([1280, 0]))
    golden.check(np.reshape(embedded.x_BLD, (2, *embedded.grid, 24)), "out/y")
    np.testing.assert_array_equal(embedded.mask_BL, [[1] * 6, [0] * 6])


def test_image_net_depends_on_the_rule_for_borders():
    golden = Golden("09_image_bottom_v1")
    net = built(T2TImageModality, "image", 24)
    golden.put(image_net(net, ""))
    net.blocks[0].padding = "centred"
    embedded = net.embed(golden["in/image"], np.array([1280, 1280]))
    assert not golden.is_close(np.reshape(embedded.x_BLD, (2, 2, 3, 24)), "out/y")


def test_spectrogram_net():
    golden = Golden("10_audio_spectral_bottom_v1")
    net = built(
        T2TLogMelModality, "audio_log_mel", 24, shape=(None, 5), audio_channels=(2, 4, 8, 16)
    )
    golden.put(audio_net(net, ""))
    embedded = net.embed(golden["in/x"][..., 0], np.array([70, 64]))
    assert embedded.grid == (3, 5)
    golden.check(np.reshape(embedded.x_BLD, (2, 3, 5, 24)), "out/y")
    mask = np.reshape(embedded.mask_BL, (2, 3, 5))
    np.testing.assert_array_equal(mask[:, :, 0], [[1, 1, 1], [1, 1, 0]])


def test_waveform_net():
    golden = Golden("10b_audio_waveform_bottom_v1")
    net = built(T2TWaveformModality, "audio_waveform", 24, audio_channels=(2, 4, 8, 16))
    golden.put(audio_net(net, ""))
    embedded = net.run_blocks(golden["in/x"].astype("float32") / 255, np.array([70, 70]))
    assert embedded.grid == (3, 1)
    golden.check(embedded.x_BLD, "out/y")


@pytest.mark.parametrize(
    "name, net, grid, classes",
    [
        ("09b_class_label_top_2d_v1", T2TClassLabelModality, (4, 4), 10),
        ("09c_class_label_top_1d_v1", T2TClassLabel1DModality, (7, 3), 7),
    ],
)
def test_label_nets(name, net, grid, classes):
    golden = Golden(name)
    net = built(net, "class_label", 16, size=classes)
    golden.put(label_net(net, ""))
    logits = net.logits(golden["in/body_output"][:, :, 0], None, grid)
    golden.check(logits, "out/logits")
    scores = cross_entropy(logits, golden["in/targets"].reshape(2, 1), 0.1)
    golden.check(np.mean(scores.loss), "out/loss")
    net.step3.relu = True
    logits = net.logits(golden["in/body_output"][:, :, 0], None, grid)
    assert not golden.is_close(logits, "out/logits")
