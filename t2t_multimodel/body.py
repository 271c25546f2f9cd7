"""The body of the paper: encoder, input/output mixer, decoder (section 2.4).

Legend: B batch, L source length, T target length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention_block import attention_block, conv_block
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.experts import Routing
from t2t_multimodel.layers.experts_and_norm import ExpertsAndNorm, by_name
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.timing import timing


class PaperBody(Block):
    """Everything that all tasks share.

        encoder = ConvBlock x 3 -> MoE -> ConvBlock x 3
        mixer   = AttentionBlock -> ConvBlock x 2
        decoder = (ConvBlock + attention) x 2 -> MoE -> (ConvBlock + attention) x 2

    Args:
        config: sizes and switches; the numbers above are its defaults.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.encoder = Encoder(config, name="encoder")
        self.mixer = Mixer(config, name="mixer")
        self.decoder = Decoder(config, name="decoder")

    def encode(self, x_BLD: Any, mask_BL: Any, mode: Mode) -> tuple[Any, dict[str, Routing]]:
        """Source features to the encoder's output [B, L, D]."""
        return self.encoder(x_BLD, mask_BL=mask_BL, mode=mode)

    def decode(
        self,
        targets_BTD: Any,
        target_mask_BT: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        mode: Mode,
    ) -> tuple[Any, dict[str, Routing]]:
        """Targets, shifted by the command token, to the decoder's output [B, T, D]."""
        source = {"source_BLD": source_BLD, "source_mask_BL": source_mask_BL}
        x_BTD = self.mixer(targets_BTD, **source, mode=mode)
        return self.decoder(x_BTD, mask_BT=target_mask_BT, **source, mode=mode)


class Encoder(Block):
    """Convolution blocks around a mixture of experts, SAME padding."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        before, after = config.encoder_blocks
        self.blocks = [
            conv_block(config, causal=False, name=f"block{i}") for i in range(before + after)
        ]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(self, x_BLD: Any, mask_BL: Any, mode: Mode = EVAL) -> tuple[Any, dict[str, Routing]]:
        middle = self.config.encoder_blocks[0]
        if self.config.encoder_timing:
            x_BLD = x_BLD + timing(ops.shape(x_BLD)[1], self.config.hidden_size, x_BLD.dtype)
        for block in self.blocks[:middle]:
            x_BLD = block(x_BLD, mask_BL=mask_BL, mode=mode)
        x_BLD, routing = self.experts(x_BLD, mask_BL=mask_BL, mode=mode)
        for block in self.blocks[middle:]:
            x_BLD = block(x_BLD, mask_BL=mask_BL, mode=mode)
        return x_BLD, by_name(encoder=routing)


class Mixer(Block):
    """Joins the encoded source with the targets so far: attention block, then convolutions."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = attention_block(config, config.mixer_pre_blocks, name="attention")
        self.blocks = [
            conv_block(config, causal=True, name=f"block{i}") for i in range(config.mixer_blocks)
        ]

    def call(
        self,
        targets_BTD: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        mode: Mode = EVAL,
    ) -> Any:
        x_BTD = self.attention(
            targets_BTD, source_BLD=source_BLD, source_mask_BL=source_mask_BL, mode=mode
        )
        for block in self.blocks:
            x_BTD = block(x_BTD, mode=mode)
        return x_BTD


class Decoder(Block):
    """Convolution + attention pairs around a mixture of experts, all causal."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        pairs = range(sum(config.decoder_blocks))
        self.blocks = [conv_block(config, causal=True, name=f"block{i}") for i in pairs]
        self.attentions = [attention_block(config, 0, name=f"attention{i}") for i in pairs]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(
        self,
        x_BTD: Any,
        mask_BT: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        mode: Mode = EVAL,
    ) -> tuple[Any, dict[str, Routing]]:
        source = {"source_BLD": source_BLD, "source_mask_BL": source_mask_BL}
        pairs = list(zip(self.blocks, self.attentions, strict=True))
        middle = self.config.decoder_blocks[0]
        # with a residual of its own an attention block's result holds its target already
        adds = self.config.attention and not self.config.attention_residual
        for block, attention in pairs[:middle]:
            x_BTD = block(x_BTD, mode=mode)
            x_BTD = attention(x_BTD, **source, mode=mode) + (x_BTD if adds else 0)
        x_BTD, routing = self.experts(x_BTD, mask_BL=mask_BT, mode=mode)
        for block, attention in pairs[middle:]:
            x_BTD = block(x_BTD, mode=mode)
            x_BTD = attention(x_BTD, **source, mode=mode) + (x_BTD if adds else 0)
        return x_BTD, by_name(decoder=routing)
