"""The three bodies that a model can have, each with the settings that it alone reads."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttentionConfig(Section):
    """The paper's attention block (2.2). Its additions are off in the paper."""

    kind: ClassVar[str] = "heads"

    heads: int = 8
    """Heads of every attention, g (2.2). Divides hidden_size."""

    residual: bool = False
    """Adds the input of each attention to its output. Not in the paper; small runs need it."""

    norm: bool = False
    """Layer normalisation after each attention. Not in the paper."""

    projection: bool = False
    """Linear map on the joined heads of each attention. Not in the paper."""

    maps: bool = False
    """Linear maps of queries, keys and values in self-attention and of queries in attention to the
    source, as in arXiv 1706.03762. The paper's equations (2.2) map keys and values of the source
    alone."""

    qk_norm: bool = False
    """Layer normalisation of queries and keys (arXiv 2010.04245). Not in the paper."""

    def check(self) -> None:
        self.require(self.heads >= 1, "heads", "1 or more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceMeanConfig(Section):
    """An ablation (table 4): each attention block adds the source's mean instead."""

    kind: ClassVar[str] = "source_mean"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperBodyConfig(Section):
    """The paper's encoder, input/output mixer and decoder (2.4)."""

    kind: ClassVar[str] = "paper"

    encoder_blocks: tuple[int, int] = (3, 3)
    """Convolution blocks before and after the encoder's mixture of experts (2.4)."""

    encoder_timing: bool = True
    """Adds the timing signal to the encoder's input. The paper leaves this open."""

    mixer_pre_blocks: int = 2
    """Convolution blocks on the targets inside the mixer's attention block (2.2)."""

    mixer_blocks: int = 2
    """Convolution blocks of the input/output mixer after its attention block (2.4)."""

    decoder_blocks: tuple[int, int] = (2, 2)
    """Convolution + attention pairs before and after the decoder's mixture of experts (2.4)."""

    attention: AttentionConfig | SourceMeanConfig = AttentionConfig()
    """The layer that looks at the source: the paper's attention blocks, or the source's mean."""

    dropout_place: Literal["block", "branch"] = "block"
    """Drop a block's whole output (2.1), or each branch before its skip is added."""

    def check(self) -> None:
        for name in ("mixer_pre_blocks", "mixer_blocks"):
            self.require(getattr(self, name) >= 0, name, "0 or more")
        for name in ("encoder_blocks", "decoder_blocks"):
            self.require(min(getattr(self, name)) >= 0, name, "0 or more each")


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TV1BodyConfig(Section):
    """Tensor2Tensor's multimodel1p8 of its launch day: grouped convolutions, simple attention."""

    kind: ClassVar[str] = "t2t_v1"

    encoder_blocks: tuple[int, int] = (2, 4)
    """Convolution blocks before and after the encoder's mixture of experts."""

    decoder_blocks: tuple[int, int] = (2, 2)
    """Convolution blocks with attention before and after the decoder's mixture of experts."""

    separability: int = -2
    """Channel groups in the convolutions: 0 for none, -2 for three and two in turn."""

    def check(self) -> None:
        for name in ("encoder_blocks", "decoder_blocks"):
            self.require(min(getattr(self, name)) >= 0, name, "0 or more each")


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TV2BodyConfig(Section):
    """Tensor2Tensor's multimodel_base: a Transformer decoder, no mixer."""

    kind: ClassVar[str] = "t2t_v2"

    encoder_layers: int = 4
    """Layers of the encoder, each of convolutions beside experts."""

    decoder_layers: int = 4
    """Layers of the decoder."""

    heads: int = 8
    """Heads of every attention. Divides hidden_size."""

    filter_size: int = 2048
    """Width of the inner convolutions, feed-forward layers and encoder experts."""

    moe_layers: tuple[int, ...] = (2,)
    """Decoder layers, counted from 0, that have experts for a feed-forward layer."""

    def check(self) -> None:
        for name in ("heads", "filter_size"):
            self.require(getattr(self, name) >= 1, name, "1 or more")
        for name in ("encoder_layers", "decoder_layers"):
            self.require(getattr(self, name) >= 0, name, "0 or more")
        layers = range(self.decoder_layers)
        self.require(
            bool(self.moe_layers) and all(layer in layers for layer in self.moe_layers),
            "moe_layers",
            f"one decoder layer or more, each below decoder_layers ({self.decoder_layers})",
        )
