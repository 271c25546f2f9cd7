"""Numbers that Tensor2Tensor computed, and which of our variables each of its weights is.

Each file came from running the original code on TensorFlow 1.15.5 with fixed seeds: V1 is
tensorflow/tensor2tensor@3d9c62f2 (2017-06-15), V2 and "t2t190" its release 1.9.0. Keys are in/*,
w/*, out/*, mid/*, grad/*. README.md has the origin and the tolerances.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.layers.separable import FullConv, GroupedConv

Pairs = Iterable[tuple[Any, str]]
"""(our variable, key without its w/ or grad/)."""

LARGEST_ERROR = {
    "01_layer_norm_v1": 4e-7,
    "02_timing_signal_v1": 5e-7,
    "02_timing_signal_t2t190": 6e-7,
    "03_conv_step_v1": 6e-7,
    "03b_subseparable_conv_v1": 8e-7,
    "04_multi_conv_res_v1": 3e-6,
    "04b_paper_conv_block": 2e-6,
    "05_multihead_attention_v1": 7e-7,
    "05_multihead_attention_t2t190": 6e-7,
    "05b_simple_attention_v1": 6e-7,
    "06_moe": 2e-6,
    "06h_moe_hierarchical_v1": 4e-7,
    "07_padded_cross_entropy": 8e-6,
    "09_image_bottom_v1": 1e-6,
    "09b_class_label_top_2d_v1": 2e-7,
    "09c_class_label_top_1d_v1": 2e-7,
    "10_audio_spectral_bottom_v1": 2e-6,
    "10b_audio_waveform_bottom_v1": 2e-6,
    "12_beam_search": 2e-6,
    "14_multimodel_v1_text": 6e-6,
    "14_multimodel_v1_image_class": 7e-6,
    "14_multimodel_v2_text": 2e-6,
}
"""Largest difference between the original and a float64 program. Ours may be ten times as far."""


class Golden:
    """One file.

    Args:
        name: without `.npz`.
    """

    def __init__(self, name: str) -> None:
        self._arrays = np.load(Path(__file__).parent / f"{name}.npz")
        self.meta = json.loads(str(self._arrays["meta"]))
        self.atol = 10 * next(e for key, e in LARGEST_ERROR.items() if name.startswith(key))

    def __getitem__(self, key: str) -> np.ndarray:
        return self._arrays[key]

    def keys(self, start: str = "") -> list[str]:
        """Keys that begin with `start`, without it."""
        return [key.removeprefix(start) for key in self._arrays.files if key.startswith(start)]

    def put(self, pairs: Pairs, start: str = "w/") -> None:
        """Sets our variables. Every size must be equal; axes of 1 may differ."""
        for variable, key in pairs:
            variable.assign(self._shaped(start + key, variable.shape))

    def is_close(self, actual: Any, key: str) -> bool:
        """Whether `actual`, without its axes of 1, is the array of the file."""
        expected = np.squeeze(self[key])
        actual = np.squeeze(np.asarray(actual))
        return actual.shape == expected.shape and np.allclose(
            actual, expected, rtol=1e-5, atol=self.atol
        )

    def check(self, actual: Any, key: str) -> None:
        """Asserts `is_close`, and shows the difference."""
        np.testing.assert_allclose(
            np.squeeze(np.asarray(actual)),
            np.squeeze(self[key]),
            rtol=1e-5,
            atol=self.atol,
            err_msg=key,
        )

    def _shaped(self, key: str, shape: tuple[int, ...]) -> np.ndarray:
        array = self[key]
        assert [n for n in array.shape if n > 1] == [n for n in shape if n > 1], key
        return array.reshape(shape)


class GivenNoise(StepSeed):
    """Hands out arrays in turn where normal draws are asked for."""

    def __init__(self, *arrays: np.ndarray) -> None:
        super().__init__(0)
        self.arrays = list(arrays)

    def normal(self, shape: Any) -> np.ndarray:
        array = self.arrays.pop(0)
        assert tuple(shape) == array.shape
        return array


def norm(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """A layer normalisation called `<prefix>_scale`, `<prefix>_bias`."""
    yield layer.scale, f"{prefix}_scale"
    yield layer.bias, f"{prefix}_bias"


def conv(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """A convolution of any grouping in the folder `prefix`."""
    if isinstance(layer, GroupedConv):
        for i, part in enumerate(layer.parts):
            yield from conv(part, f"{prefix}part{i}/")
        if layer.mix is not None:
            yield layer.mix.kernel, f"{prefix}mix_kernel"
            yield layer.mix.bias, f"{prefix}mix_bias"
    elif isinstance(layer, FullConv):
        yield layer.weight, f"{prefix}kernel"
    else:
        yield layer.depthwise, f"{prefix}depthwise_kernel"
        yield layer.pointwise, f"{prefix}pointwise_kernel"


def steps(layers: Iterable[Any], prefix: str, first: int = 0) -> Iterator[tuple[Any, str]]:
    """Convolution steps conv0, norm0, conv1, ... in the folder `prefix`."""
    for i, step in enumerate(layers, start=first):
        yield from conv(step.conv, f"{prefix}conv{i}/")
        yield from norm(step.norm, f"{prefix}norm{i}")


def simple_attention(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """V1's attention layer."""
    yield from steps(layer.premix.steps, f"{prefix}targets_time/")
    yield from norm(layer.norm, f"{prefix}attn_norm")


def multi_conv_res(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """V1's residual block."""
    yield from steps(layer.steps1.steps, f"{prefix}residual1/")
    yield from steps(layer.steps2.steps, f"{prefix}residual2/")
    if layer.attention is not None:
        yield from simple_attention(layer.attention, prefix)


def mixture(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """A mixture of experts with flat gating."""
    yield layer.gating.gate, f"{prefix}gate"
    yield layer.gating.noise, f"{prefix}noise"
    for i, kernel in enumerate(layer.kernels):
        yield kernel, f"{prefix}experts/w{i}"


def conv_res(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """A residual block over two axes."""
    for i, step in enumerate((layer.step1, layer.step2)):
        yield step.depthwise, f"{prefix}sep/conv{i}/depthwise_kernel"
        yield step.pointwise, f"{prefix}sep/conv{i}/pointwise_kernel"
        yield from norm(step.norm, f"{prefix}sep/norm{i}")
    yield layer.skip.kernel, f"{prefix}res/kernel"
    yield from norm(layer.skip_norm, f"{prefix}res/norm")


def image_net(net: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """V1's image net."""
    for i, step in enumerate((net.step1, net.step2)):
        yield step.weight, f"{prefix}conv{i}/kernel"
        yield from norm(step.norm, f"{prefix}conv{i}/norm")
    for i, block in enumerate(net.blocks):
        yield from conv_res(block, f"{prefix}block{i}/")


def audio_net(net: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """V1's audio nets."""
    for i, block in enumerate(net.blocks[:-1]):
        yield from conv_res(block, f"{prefix}compress_block_{i}/")
    yield from conv_res(net.blocks[-1], f"{prefix}compress_block_final/")


def label_net(net: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """V1's class-label nets."""
    yield net.skip.weight, f"{prefix}res_conv/kernel"
    yield from norm(net.skip.norm, f"{prefix}res_conv/norm")
    for i, step in enumerate((net.step1, net.step2, net.step3, net.step4)):
        yield step.depthwise, f"{prefix}conv{i}/depthwise_kernel"
        yield step.pointwise, f"{prefix}conv{i}/pointwise_kernel"
        yield from norm(step.norm, f"{prefix}conv{i}/norm")
    yield net.classes.kernel, f"{prefix}logits/kernel"
    yield net.classes.bias, f"{prefix}logits/bias"


def v1_encoder(body: Any) -> Iterator[tuple[Any, str]]:
    """V1's encoder."""
    for name in ("encoder1", "encoder2"):
        for i, block in enumerate(getattr(body, name)):
            yield from multi_conv_res(block, f"{name}/layer_{i}/")
    yield from mixture(body.encoder_experts.mixture, "experts_enc/")
    yield from norm(body.encoder_experts.norm, "experts_enc/moe_norm")


def v1_decoder(body: Any) -> Iterator[tuple[Any, str]]:
    """V1's mixer and decoder."""
    yield from simple_attention(body.attention, "")
    yield from steps([body.merge], "targets_merge/")
    for name in ("decoder1", "decoder2"):
        for i, block in enumerate(getattr(body, name)):
            yield from multi_conv_res(block, f"{name}/layer_{i}/")
    yield from mixture(body.decoder_experts.mixture, "experts_dec/")
    yield from norm(body.decoder_experts.norm, "experts_dec/moe_norm")


def v2_body(body: Any) -> Iterator[tuple[Any, str]]:
    """V2's encoder and decoder."""
    for i, layer in enumerate(body.encoder):
        prefix = f"enc_layer_{i}/"
        yield from steps(layer.steps[:2], f"{prefix}residual1/")
        yield from steps(layer.steps[2:], f"{prefix}residual2/")
        yield from mixture(layer.mixture, f"{prefix}moe/")
        yield from norm(layer.norm, f"{prefix}norm")
    for i, layer in enumerate(body.decoder):
        prefix = f"dec_layer_{i}/"
        for attention, name in (
            (layer.self_attention, "decoder_self_attention"),
            (layer.source_attention, "encdec_attention"),
        ):
            for letter, key in (("q", "q"), ("k", "k"), ("v", "v"), ("o", "output_transform")):
                yield attention.maps[letter].kernel, f"{prefix}attention/{name}/{key}/kernel"
        yield from norm(layer.attention_norm, f"{prefix}attention/norm")
        yield from norm(layer.feed_forward_norm, f"{prefix}ffn/norm")
        if i in body.config.body.moe_layers:
            yield from mixture(layer.feed_forward, f"{prefix}ffn/moe/")
        else:
            for name, linear in (
                ("conv1", layer.feed_forward.layer1),
                ("conv2", layer.feed_forward.layer2),
            ):
                yield linear.kernel, f"{prefix}ffn/{name}/kernel"
                yield linear.bias, f"{prefix}ffn/{name}/bias"


def text_net(net: Any) -> Iterator[tuple[Any, str]]:
    """Three separate tables."""
    yield net.embedding, "input_embedding"
    yield net.target_embedding, "target_embedding"
    yield net.softmax, "softmax_weights"
