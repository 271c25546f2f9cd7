"""Parameters of every named set on its problems, counted by hand. Nothing is allocated."""

from __future__ import annotations

import pytest

from t2t_multimodel.overrides import resolve
from t2t_multimodel.plan.footprint import count_parameters
from t2t_multimodel.plan.sizes import declared_signature

V = 4096  # pieces of the octet's vocabulary
WMT = 32_000  # those of all pairs of languages
PAPER_TEXT = WMT + 3 * 8192 + 512  # and of COCO, WSJ speech, WSJ words, WSJ trees: 57,088
CLASSES = 10
COMMANDS = 8
BANDS = 40


def step(c: int, f: int, taps: int = 9) -> int:
    """Depthwise, pointwise, scale and bias of the norm."""
    return taps * c + c * f + 2 * f


def conv_res(c: int, f: int, taps: int = 9) -> int:
    """Two steps, and the strided 1x1 map with its norm."""
    return step(c, f, taps) + step(f, f, taps) + c * f + 2 * f


def full(c: int, f: int) -> int:
    """An ordinary 3x3 convolution and its norm."""
    return 9 * c * f + 2 * f


def linear(c: int, f: int) -> int:
    """With bias."""
    return c * f + f


def exit_flow(d: int, f4: int, f5: int, classes: int = CLASSES) -> int:
    """Skip and two steps at width d, two wider ones, the classes."""
    return 3 * step(d, d) + step(d, f4) + step(f4, f5) + linear(f5, classes)


def audio_net(last: int) -> int:
    """Eight blocks 1 -> 2 -> ... -> 256 channels, then a map to `last`."""
    return sum(conv_res(2**i, 2 ** (i + 1)) for i in range(8)) + 256 * last


def t2t_nets(d: int) -> int:
    """The nets of Tensor2Tensor: image, labels, log-mel; three tables of text."""
    middle = [min(128, d), min(256, d)]
    image = full(3, 32) + full(32, 64) + conv_res(64, middle[0])
    image += conv_res(middle[0], middle[1]) + conv_res(middle[1], d)
    wide = d * 5 // 4
    labels = full(d, wide) + step(d, d) + step(d, wide) + step(wide, 2 * d)
    labels += step(2 * d, d * 5 // 2) + linear(d * 5 // 2, CLASSES)
    audio = sum(conv_res(2**i, 2 ** (i + 1)) for i in range(8)) + conv_res(256, d)
    return image + labels + audio + 3 * V * d


def moe(d: int, experts: int, hidden: int) -> int:
    """Gate and noise, two matrices an expert."""
    return 2 * d * experts + experts * 2 * d * hidden


def paper_body(d: int, experts: int, hidden: int, blocks: int, attentions: int) -> int:
    """Blocks of kernels 3, 3, 15, 15; attentions with maps of K and V; two mixtures and norms."""
    block = sum(step(d, d, taps) for taps in (3, 3, 15, 15))
    return blocks * block + attentions * 2 * d * d + 2 * (moe(d, experts, hidden) + 2 * d)


def octet_extra(d: int, attentions: int, heads: int = 4) -> int:
    """Two output maps, two norms, the other four maps, and norms of a head's queries and keys."""
    return attentions * (2 * d * d + 4 * d + 4 * d * d + 2 * 4 * (d // heads))


def octet_image(d: int) -> int:
    """Full stem, two residual blocks."""
    return full(3, 32) + full(32, 64) + conv_res(64, 128) + conv_res(128, d)


def two_steps(d: int, kernels: tuple[int, int]) -> int:
    """Steps in three and in two groups, separable inside; a norm over all channels."""
    groups = (3, 2)
    return sum(k * d + g * (d // g) ** 2 + 2 * d for k, g in zip(kernels, groups, strict=True))


def v1_body(d: int) -> int:
    """Ten blocks of kernels 3, 7, 15, 31, four of them with attention; mixer; two mixtures."""
    block = two_steps(d, (3, 7)) + two_steps(d, (15, 31))
    attention = two_steps(d, (5, 5)) + 2 * d
    # merge: 2 d -> d in four groups of full convolutions of 3 taps, a mix with bias, a norm
    merge = 4 * 3 * (2 * d // 4) * (d // 4) + linear(d, d) + 2 * d
    return 10 * block + 5 * attention + merge + 2 * (moe(d, 120, d) + 2 * d)


def v2_body(d: int, inner: int, encoders: int, decoders: int) -> int:
    """Encoder layers with experts beside steps; decoder layers, one of them with experts."""
    steps = step(d, inner, 3) + step(inner, inner, 3) + step(inner, d, 15) + step(d, d, 15)
    encoder = steps + moe(d, 30, inner) + 2 * d
    attentions = 8 * d * d + 2 * 2 * d  # eight maps, two norms
    dense = linear(d, inner) + linear(inner, d)
    experts = moe(d, 30, 2048)
    return encoders * encoder + decoders * attentions + (decoders - 1) * dense + experts


PAPER_NETS = step(3, 32) + step(32, 64)  # the first steps of the image net

COUNTS = {
    # body 1,077,456,896: 14 blocks of 4,239,360, 5 x 2 x 1024^2, 2 x 503,810,048
    # image 187 + 2,464 + 35,264 + 136,064 + 1,590,528 = 1,764,507
    # labels of 1000 classes 3 x 1,059,840 + 1,585,152 + 3,163,648 + 2,049,000 = 9,977,320
    # text 2 x 57,088 x 1024 = 116,916,224; log-mel 184,705 + 256 x 1024 = 446,849
    # commands 8 x 1024
    "multimodel_paper": (
        1_206_569_988,
        paper_body(1024, 240, 1024, 14, 5)
        + PAPER_NETS
        + conv_res(64, 128)
        + conv_res(128, 256)
        + conv_res(256, 1024)
        + exit_flow(1024, 1536, 2048, classes=1000)
        + 2 * PAPER_TEXT * 1024
        + audio_net(1024)
        + COMMANDS * 1024,
    ),
    # on EN-DE, 60 experts: blocks 59,351,040, attentions 10,485,760,
    # 2 x (2 x 1024 x 60 + 60 x 2 x 1024^2 + 2 x 1024) = 251,908,096; text 65,536,000; command
    "multimodel_paper_single": (
        387_281_920,
        paper_body(1024, 60, 1024, 14, 5) + 2 * WMT * 1024 + 1024,
    ),
    # body 80,656,384: 14 x 1,071,104, 5 x 2 x 512^2, 2 x 31,519,744
    # image 708,251, labels 2,008,330, text 4,194,304, log-mel 315,777, commands 4,096
    "multimodel_base": (
        87_887_142,
        paper_body(512, 60, 512, 14, 5)
        + PAPER_NETS
        + conv_res(64, 128)
        + conv_res(128, 256)
        + conv_res(256, 512)
        + exit_flow(512, 768, 1024)
        + 2 * V * 512
        + audio_net(512)
        + COMMANDS * 512,
    ),
    # body 2,213,376: 14 x 71,168, 5 x 2 x 128^2, 2 x 526,592
    # image 142,363 (blocks of 128, min(256, 128), 128), labels 175,882, text 1,048,576,
    # log-mel 217,473, commands 1,024
    "multimodel_tiny": (
        3_798_694,
        paper_body(128, 8, 256, 14, 5)
        + PAPER_NETS
        + conv_res(64, 128)
        + 2 * conv_res(128, 128)
        + exit_flow(128, 256, 320)
        + 2 * V * 128
        + audio_net(128)
        + COMMANDS * 128,
    ),
    # body 1,530,368: 3 x 71,168, 2 x 131,840, 2 x 526,592; one table of text 524,288
    # image 928 + 18,560 + 35,264 + 52,224 = 106,976, labels 175,882
    # log-mel 5,248 + 2 x 50,688 (3x1 kernels) + 128^2 = 123,008, commands 1,024, bytes 33,024
    "octet_tiny": (
        2_494_570,
        paper_body(128, 8, 256, 3, 2)
        + octet_extra(128, 2)
        + octet_image(128)
        + exit_flow(128, 256, 320)
        + V * 128
        + linear(BANDS, 128)
        + 2 * conv_res(128, 128, 3)
        + 128 * 128
        + linear(128, 256)
        + COMMANDS * 128,
    ),
    # body 1,189,366,272: 10 blocks of 4,030,464, 5 attentions of 1,990,656, merge 5,902,848,
    # 2 x 566,602,752 with their norms; nets: image 3,361,888, labels 49,680,778,
    # text 3 x 4096 x 1536, log-mel 3,355,777; commands 12,288
    "t2t_multimodel1p8": (
        1_264_651_371,
        v1_body(1536) + t2t_nets(1536) + COMMANDS * 1536,
    ),
    # body 355,866,112: 4 encoders of 69,556,224, 3 decoders of 4,198,912, one of 65,044,480
    # image 725,088, labels 5,550,218, text 6,291,456, log-mel 718,977, commands 4,096
    "t2t_multimodel_base": (
        369_155_947,
        v2_body(512, 2048, 4, 4) + t2t_nets(512) + COMMANDS * 512,
    ),
    # body 24,858,752: 2 encoders of 4,363,776, decoders of 15,867,904 and 263,296
    "t2t_multimodel_tiny": (
        27_218_059,
        v2_body(128, 512, 2, 2) + t2t_nets(128) + COMMANDS * 128,
    ),
}
COUNTS["octet_quick"] = COUNTS["octet_tiny"]  # the same network, trained for less long


@pytest.mark.parametrize("name", COUNTS)
def test_a_set_has_the_parameters_that_its_equations_count(name: str) -> None:
    config = resolve(name).config
    problems = [declared_signature(problem) for problem in config.rates]
    total, by_hand = COUNTS[name]
    assert count_parameters(config.model, problems) == total
    assert by_hand == total
