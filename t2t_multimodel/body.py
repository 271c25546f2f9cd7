"""The body of the paper: encoder, input/output mixer, decoder (section 2.4).

Legend: B batch, L source length, T target length, D width.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.layers.attention_block import AttentionBlock, conv_block
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.experts import Routing
from t2t_multimodel.layers.experts_and_norm import ExpertsAndNorm
from t2t_multimodel.layers.random import StepSeed
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

    def encode(
        self, x_BLD: Any, mask_BL: Any, training: bool, seed: StepSeed | None
    ) -> tuple[Any, dict[str, Routing]]:
        """Source features to the encoder's output [B, L, D]."""
        return self.encoder(x_BLD, mask_BL=mask_BL, training=training, seed=seed)

    def decode(
        self,
        targets_BTD: Any,
        target_mask_BT: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        training: bool,
        seed: StepSeed | None,
    ) -> tuple[Any, dict[str, Routing]]:
        """Targets, shifted by the command token, to the decoder's output [B, T, D]."""
        source = {"source_BLD": source_BLD, "source_mask_BL": source_mask_BL}
        mode = {"training": training, "seed": seed}
        x_BTD = self.mixer(targets_BTD, **source, **mode)
        return self.decoder(x_BTD, mask_BT=target_mask_BT, **source, **mode)


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

    def call(
        self, x_BLD: Any, mask_BL: Any, training: bool = False, seed: StepSeed | None = None
    ) -> tuple[Any, dict[str, Routing]]:
        mode = {"mask_BL": mask_BL, "training": training, "seed": seed}
        middle = self.config.encoder_blocks[0]
        if self.config.encoder_timing:
            x_BLD = x_BLD + timing(ops.shape(x_BLD)[1], self.config.hidden_size, x_BLD.dtype)
        for block in self.blocks[:middle]:
            x_BLD = block(x_BLD, **mode)
        x_BLD, routing = self.experts(x_BLD, **mode)
        for block in self.blocks[middle:]:
            x_BLD = block(x_BLD, **mode)
        return x_BLD, {"encoder": routing}


class Mixer(Block):
    """Joins the encoded source with the targets so far: attention block, then convolutions."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = AttentionBlock(config, config.mixer_pre_blocks, name="attention")
        self.blocks = [
            conv_block(config, causal=True, name=f"block{i}") for i in range(config.mixer_blocks)
        ]

    def call(
        self,
        targets_BTD: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Any:
        mode = {"training": training, "seed": seed}
        x_BTD = self.attention(
            targets_BTD, source_BLD=source_BLD, source_mask_BL=source_mask_BL, **mode
        )
        for block in self.blocks:
            x_BTD = block(x_BTD, **mode)
        return x_BTD


class Decoder(Block):
    """Convolution + attention pairs around a mixture of experts, all causal."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        pairs = range(sum(config.decoder_blocks))
        self.blocks = [conv_block(config, causal=True, name=f"block{i}") for i in pairs]
        self.attentions = [AttentionBlock(config, 0, name=f"attention{i}") for i in pairs]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(
        self,
        x_BTD: Any,
        mask_BT: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> tuple[Any, dict[str, Routing]]:
        mode = {"training": training, "seed": seed}
        source = {"source_BLD": source_BLD, "source_mask_BL": source_mask_BL}
        middle = self.config.decoder_blocks[0]
        routing = None
        for i, (block, attention) in enumerate(zip(self.blocks, self.attentions, strict=True)):
            if i == middle:
                x_BTD, routing = self.experts(x_BTD, mask_BL=mask_BT, **mode)
            x_BTD = block(x_BTD, **mode)
            attended = attention(x_BTD, **source, **mode)
            # with a residual of its own the attention block holds x already
            x_BTD = attended if self.config.attention_residual else x_BTD + attended
        if routing is None:  # no pair follows the experts
            x_BTD, routing = self.experts(x_BTD, mask_BL=mask_BT, **mode)
        return x_BTD, {"decoder": routing}
