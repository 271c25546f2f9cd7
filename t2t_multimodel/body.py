"""The body of the paper: encoder, input/output mixer, decoder (section 2.4).

Legend: B batch, L source length, T target length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.body import AttentionConfig, PaperBodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention_block import attention_block, conv_block
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.base_body import Body, Routings
from t2t_multimodel.layers.decode_state import EncodedSource
from t2t_multimodel.layers.experts_and_norm import ExpertsAndNorm, by_name
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.timing import timing
from t2t_multimodel.types import Tensor


class PaperBody(Body):
    """Encoder, mixer and decoder.

        encoder = ConvBlock x 3 -> MoE -> ConvBlock x 3
        mixer   = AttentionBlock -> ConvBlock x 2
        decoder = (ConvBlock + attention) x 2 -> MoE -> (ConvBlock + attention) x 2

    Args:
        config: sizes and switches; the numbers above are its defaults.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        self.encoder = PaperEncoder(config, name="encoder")
        self.mixer = PaperMixer(config, name="mixer")
        self.decoder = PaperDecoder(config, name="decoder")

    def encode(self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode) -> tuple[Tensor, Routings]:
        return self.encoder(x_BLD, mask_BL=mask_BL, mode=mode)

    def decode(
        self, targets_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode
    ) -> tuple[Tensor, Routings]:
        x_BTD = self.mixer(targets_BTD, source=source, mode=mode)
        return self.decoder(x_BTD, mask_BT=mask_BT, source=source, mode=mode)


class PaperEncoder(Block):
    """Convolution blocks around a mixture of experts, SAME padding."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config, self.own = config, of_kind(config.body, PaperBodyConfig)
        before, after = self.own.encoder_blocks
        self.blocks = [
            conv_block(config, causal=False, name=f"block{i}") for i in range(before + after)
        ]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(self, x_BLD: Tensor, mask_BL: Tensor, mode: Mode = EVAL) -> tuple[Tensor, Routings]:
        """Source features [B, L, D] to the encoder's output [B, L, D], and where tokens went."""
        middle = self.own.encoder_blocks[0]
        if self.own.encoder_timing:
            x_BLD = x_BLD + timing(ops.shape(x_BLD)[1], self.config.hidden_size, x_BLD.dtype)
        for block in self.blocks[:middle]:
            x_BLD = block(x_BLD, mask_BL=mask_BL, mode=mode)
        x_BLD, routing = self.experts(x_BLD, mask_BL=mask_BL, mode=mode)
        for block in self.blocks[middle:]:
            x_BLD = block(x_BLD, mask_BL=mask_BL, mode=mode)
        return x_BLD, by_name(encoder=routing)


class PaperMixer(Block):
    """Joins the encoded source with the targets so far: attention block, then convolutions."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        own = of_kind(config.body, PaperBodyConfig)
        self.attention = attention_block(config, own.mixer_pre_blocks, name="attention")
        self.blocks = [
            conv_block(config, causal=True, name=f"block{i}") for i in range(own.mixer_blocks)
        ]

    def call(self, targets_BTD: Tensor, source: EncodedSource, mode: Mode = EVAL) -> Tensor:
        """Targets [B, T, D] joined with the source, to [B, T, D]."""
        x_BTD = self.attention(targets_BTD, source=source, mode=mode)
        for block in self.blocks:
            x_BTD = block(x_BTD, mode=mode)
        return x_BTD


class PaperDecoder(Block):
    """Convolution + attention pairs around a mixture of experts, all causal."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own = of_kind(config.body, PaperBodyConfig)
        pairs = range(sum(self.own.decoder_blocks))
        self.blocks = [conv_block(config, causal=True, name=f"block{i}") for i in pairs]
        self.attentions = [attention_block(config, 0, name=f"attention{i}") for i in pairs]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(
        self, x_BTD: Tensor, mask_BT: Tensor | None, source: EncodedSource, mode: Mode = EVAL
    ) -> tuple[Tensor, Routings]:
        """The mixer's output [B, T, D] to the decoder's [B, T, D], and where tokens went."""
        pairs = list(zip(self.blocks, self.attentions, strict=True))
        middle = self.own.decoder_blocks[0]
        for pair in pairs[:middle]:
            x_BTD = self._pair(pair, x_BTD, source, mode)
        x_BTD, routing = self.experts(x_BTD, mask_BL=mask_BT, mode=mode)
        for pair in pairs[middle:]:
            x_BTD = self._pair(pair, x_BTD, source, mode)
        return x_BTD, by_name(decoder=routing)

    def _pair(
        self, pair: tuple[Block, Block], x_BTD: Tensor, source: EncodedSource, mode: Mode
    ) -> Tensor:
        """A convolution block and the attention behind it."""
        block, attention = pair
        x_BTD = block(x_BTD, mode=mode)
        attended_BTD = attention(x_BTD, source=source, mode=mode)
        own = self.own.attention
        # with a residual of its own an attention block's result holds its target already
        adds = isinstance(own, AttentionConfig) and not own.residual
        return attended_BTD + (x_BTD if adds else 0)
