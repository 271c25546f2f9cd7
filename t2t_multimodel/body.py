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
from t2t_multimodel.layers.experts import Routing
from t2t_multimodel.layers.experts_and_norm import ExpertsAndNorm, by_name
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.place import Place, caches, chain
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

    def memory(self, source_BLD: Any, source_mask_BL: Any) -> dict[str, Any]:
        """What `step` needs of the encoder's output."""
        source = (source_BLD, source_mask_BL)
        return {"mixer": self.mixer.memory(*source), "decoder": self.decoder.memory(*source)}

    def cache(self, rows: Any, length: int) -> dict[str, Any]:
        """The state of `step` before the first of at most `length` positions."""
        return caches((self.mixer, self.decoder), rows, length)

    def step(
        self, x_RD: Any, cache: dict[str, Any], memory: dict[str, Any], place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `decode` [R, D], and the next state."""
        after = {}
        x_RD, after["mixer"] = self.mixer.step(x_RD, cache["mixer"], memory["mixer"], place)
        x_RD, after["decoder"] = self.decoder.step(x_RD, cache["decoder"], memory["decoder"], place)
        return x_RD, after


class Encoder(Block):
    """Convolution blocks around a mixture of experts, SAME padding."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config, self.own = config, of_kind(config.body, PaperBodyConfig)
        before, after = self.own.encoder_blocks
        self.blocks = [
            conv_block(config, causal=False, name=f"block{i}") for i in range(before + after)
        ]
        self.experts = ExpertsAndNorm(config, name="experts")

    def call(self, x_BLD: Any, mask_BL: Any, mode: Mode = EVAL) -> tuple[Any, dict[str, Routing]]:
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


class Mixer(Block):
    """Joins the encoded source with the targets so far: attention block, then convolutions."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        own = of_kind(config.body, PaperBodyConfig)
        self.attention = attention_block(config, own.mixer_pre_blocks, name="attention")
        self.blocks = [
            conv_block(config, causal=True, name=f"block{i}") for i in range(own.mixer_blocks)
        ]

    def call(
        self,
        targets_BTD: Any,
        source_BLD: Any,
        source_mask_BL: Any,
        mode: Mode = EVAL,
    ) -> Any:
        """Targets [B, T, D] joined with the source [B, L, D], to [B, T, D]."""
        x_BTD = self.attention(
            targets_BTD, source_BLD=source_BLD, source_mask_BL=source_mask_BL, mode=mode
        )
        for block in self.blocks:
            x_BTD = block(x_BTD, mode=mode)
        return x_BTD

    def memory(self, source_BLD: Any, source_mask_BL: Any) -> Any:
        """What the attention keeps of the source."""
        return self.attention.memory(source_BLD, source_mask_BL)

    def cache(self, rows: Any, length: int) -> dict[str, Any]:
        """The state of `step` before the first of at most `length` positions."""
        return {"attention": self.attention.cache(rows, length), **caches(self.blocks, rows)}

    def step(
        self, x_RD: Any, cache: dict[str, Any], memory: Any, place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, D], and the next state."""
        x_RD, attention = self.attention.step(x_RD, cache["attention"], memory, place)
        x_RD, after = chain(self.blocks, x_RD, cache, place)
        return x_RD, {"attention": attention, **after}


class Decoder(Block):
    """Convolution + attention pairs around a mixture of experts, all causal."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own = of_kind(config.body, PaperBodyConfig)
        pairs = range(sum(self.own.decoder_blocks))
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
        """The mixer's output [B, T, D] to the decoder's [B, T, D], and where tokens went."""
        source = {"source_BLD": source_BLD, "source_mask_BL": source_mask_BL}
        pairs = list(zip(self.blocks, self.attentions, strict=True))
        middle = self.own.decoder_blocks[0]
        for block, attention in pairs[:middle]:
            x_BTD = block(x_BTD, mode=mode)
            x_BTD = attention(x_BTD, **source, mode=mode) + (x_BTD if self._adds else 0)
        x_BTD, routing = self.experts(x_BTD, mask_BL=mask_BT, mode=mode)
        for block, attention in pairs[middle:]:
            x_BTD = block(x_BTD, mode=mode)
            x_BTD = attention(x_BTD, **source, mode=mode) + (x_BTD if self._adds else 0)
        return x_BTD, by_name(decoder=routing)

    @property
    def _adds(self) -> bool:
        """With a residual of its own an attention block's result holds its target already."""
        attention = self.own.attention
        return isinstance(attention, AttentionConfig) and not attention.residual

    def memory(self, source_BLD: Any, source_mask_BL: Any) -> dict[str, Any]:
        """What each attention keeps of the source, by name."""
        return {layer.name: layer.memory(source_BLD, source_mask_BL) for layer in self.attentions}

    def cache(self, rows: Any, length: int) -> dict[str, Any]:
        """The state of `step` before the first of at most `length` positions."""
        return {**caches(self.blocks, rows), **caches(self.attentions, rows, length)}

    def step(
        self, x_RD: Any, cache: dict[str, Any], memory: dict[str, Any], place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, D], and the next state."""
        after = {}
        for i, (block, attention) in enumerate(zip(self.blocks, self.attentions, strict=True)):
            if i == self.own.decoder_blocks[0]:
                x_RD, _ = self.experts(x_RD, mode=place.mode)
            x_RD, after[block.name] = block.step(x_RD, cache[block.name], place)
            y_RD, after[attention.name] = attention.step(
                x_RD, cache[attention.name], memory[attention.name], place
            )
            x_RD = y_RD + (x_RD if self._adds else 0)
        if len(self.blocks) == self.own.decoder_blocks[0]:
            x_RD, _ = self.experts(x_RD, mode=place.mode)
        return x_RD, after
