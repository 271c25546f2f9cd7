"""The paper's nets: sizes, positions, masks."""

import numpy as np
import pytest
from helpers.small_models import EN_DE, IMAGE, LABEL, LOG_MEL, OCTET, PAPER, WAVEFORM

from t2t_multimodel.config.tree import updated
from t2t_multimodel.modalities.audio import LogMelModality, WaveformModality
from t2t_multimodel.modalities.class_label import ClassLabelModality
from t2t_multimodel.modalities.image import ImageModality
from t2t_multimodel.modalities.text import TextModality

D = PAPER.hidden_size


def built(net, config, signature):
    net = net(config, signature)
    net.build()
    return net


@pytest.mark.parametrize("blocks, grid", [(3, (19, 19)), (1, (75, 75)), (0, (150, 150))])
def test_a_picture_of_299_has_the_positions_of_its_stride(blocks, grid):
    net = built(ImageModality, updated(PAPER, {"nets.image_blocks": blocks}), IMAGE)
    embedded = net.embed(np.zeros((1, 299, 299, 3), "uint8"), np.array([299 * 299]))
    assert embedded.grid == grid
    assert embedded.x_BLD.shape == (1, grid[0] * grid[1], D)


def test_image_net_has_the_papers_channels():
    net = built(ImageModality, updated(PAPER, {"nets.image_blocks": 3, "hidden_size": 1024}), IMAGE)
    assert [net.step1.filters, net.step2.filters] == [32, 64]
    assert [block.step2.filters for block in net.blocks] == [128, 256, 1024]
    # steps: 9 C + C F + 2 F; residual blocks: two of them, and C F + 2 F on the skip
    step = [(3, 32), (32, 64)]
    blocks = [(64, 128), (128, 256), (256, 1024)]
    expected = sum(9 * c + c * f + 2 * f for c, f in step)
    expected += sum((9 * c + c * f + 2 * f) + (9 * f + f * f + 2 * f) for c, f in blocks)
    expected += sum(c * f + 2 * f for c, f in blocks)
    assert net.count_params() == expected


def test_full_stem_takes_pictures_of_any_brightness_alike():
    net = built(ImageModality, OCTET, IMAGE)
    dark = np.random.default_rng(0).integers(0, 100, (1, 12, 16, 1))
    length = np.array([192])
    bright = net.embed((dark + 100).astype("uint8"), length).x_BLD
    np.testing.assert_allclose(bright, net.embed(dark.astype("uint8"), length).x_BLD, atol=1e-4)


@pytest.mark.parametrize("fold, grid", [(False, (6, 6)), (True, (6, 1))])
def test_log_mel_frames_are_halved_by_each_block(fold, grid):
    net = built(LogMelModality, updated(PAPER, {"nets.audio_fold_frequency": fold}), LOG_MEL)
    frames = np.random.default_rng(0).normal(size=(2, 23, 6)).astype("float32")
    embedded = net.embed(frames, np.array([23, 9]))
    assert embedded.grid == grid
    mask = np.reshape(embedded.mask_BL, (2, *grid))[:, :, 0]
    np.testing.assert_array_equal(mask, [[1] * 6, [1, 1, 1, 0, 0, 0]])
    np.testing.assert_array_equal(np.asarray(embedded.x_BLD)[np.asarray(embedded.mask_BL) == 0], 0)


def test_eight_audio_blocks_reach_256_channels_and_a_stride_of_256():
    config = updated(PAPER, {"nets.audio_channels": tuple(2**i for i in range(1, 9))})
    net = built(WaveformModality, config, WAVEFORM)
    embedded = net.embed(np.zeros((1, 1000), "float32"), np.array([1000]))
    assert embedded.grid == (4, 1)
    assert net.projection.kernel.shape == (256, D)


def test_text_is_scaled_to_unit_variance_and_zero_at_padding():
    net = built(TextModality, PAPER.replace(hidden_size=512), EN_DE)
    embedded = net.embed(np.full((1, 30), 7) + np.arange(30)[None] % 20, np.array([25]))
    x = np.asarray(embedded.x_BLD)
    assert x[0, :25].std() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(x[0, 25:], 0)


def test_tied_softmax_is_the_embedding():
    assert len(built(TextModality, OCTET, EN_DE).trainable_variables) == 1
    assert len(built(TextModality, PAPER, EN_DE).trainable_variables) == 2
    assert len(built(TextModality, PAPER.replace(share_embeddings=False), EN_DE).variables) == 3


def test_label_net_has_the_papers_channels():
    config = updated(PAPER, {"nets.exit_channels": (1536, 2048)})
    net = built(ClassLabelModality, config, LABEL)
    # skip, h1, h2: D to D; h4; h5; classes with bias
    steps = [(D, D)] * 3 + [(D, 1536), (1536, 2048)]
    expected = sum(9 * c + c * f + 2 * f for c, f in steps) + 2048 * 5 + 5
    assert net.count_params() == expected
