"""Connectionist temporal classification (Graves et al. 2006) of what the encoder heard.

Legend: B batch, L source positions, D width of the body, U bytes of a target, T tokens of it,
V pieces of the vocabulary, S bytes of the longest piece.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.types import Size, Tensor

CLASSES = 256
"""The bytes of UTF-8; no text holds byte 0, which is the blank."""


class CtcScores(NamedTuple):
    """Holds what one batch costs to spell."""

    nats: Tensor
    """A byte, the mean over all that fit."""
    fits: Tensor
    """Part of the rows whose bytes fit into their source positions; others teach nothing."""


class Ctc(Block):
    """Spells a target, byte by byte, along the source whose order it follows, such as speech.

    A second loss beside the decoder's (Kim et al. 2017, arXiv 1609.06773): it teaches the encoder
    how letters sound, from far less speech than sub-words need. Outputs may be read off it, or
    chosen by it and the decoder together (`ModelConfig.ctc_decoding`).

    Args:
        channels: of the encoder, D.
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.classes = Linear(channels, CLASSES, use_bias=True, name="classes")

    def call(
        self, x_BLD: Tensor, mask_BL: Tensor, bytes_BU: Tensor, *, bands: Size = 1
    ) -> CtcScores:
        """Scores of the bytes, each row's in front and zeros behind.

        Args:
            bands: neighbouring positions that are of one time; they are averaged.
        """
        logits_BLV, frames_B = self._logits(x_BLD, mask_BL, bands)
        real_BU = ops.cast(bytes_BU > 0, "int32")
        twice_BU = ops.cast(bytes_BU[:, 1:] == bytes_BU[:, :-1], "int32") * real_BU[:, 1:]
        counts_B = ops.sum(real_BU, axis=1)
        needed_B = counts_B + ops.sum(twice_BU, axis=1)  # a blank parts equal neighbours
        fits_B = ops.cast((needed_B <= frames_B) & (counts_B > 0), "int32")
        counts_B *= fits_B
        bytes_BU = bytes_BU[:, : ops.shape(logits_BLV)[1]]  # more do not fit, and cost time
        # one byte stands for what does not fit, since no kernel takes none, and is not counted
        one_BU = ops.cast(ops.arange(ops.shape(bytes_BU)[1])[None] == 0, "int32")
        labels_BU = ops.where(fits_B[:, None] == 1, bytes_BU, one_BU)
        nats_B = fast.ctc_nats(
            logits_BLV, ops.maximum(frames_B, 1), labels_BU, ops.maximum(counts_B, 1)
        )
        total = ops.maximum(ops.cast(ops.sum(counts_B), "float32"), 1.0)
        nats = ops.sum(nats_B * ops.cast(fits_B, "float32")) / total
        return CtcScores(nats, ops.mean(ops.cast(fits_B, "float32")))

    def log_probabilities(self, x_BLD: Any, mask_BL: Any, *, bands: Any = 1) -> tuple[Any, Any]:
        """Computes log-probabilities of classes at each time [B, F, 256], and real times [B]."""
        logits_BFV, frames_B = self._logits(x_BLD, mask_BL, bands)
        return ops.log_softmax(logits_BFV, axis=-1), frames_B

    def _logits(self, x_BLD: Any, mask_BL: Any, bands: Any) -> tuple[Any, Any]:
        batch, length, width = ops.shape(x_BLD)
        x_BFD = ops.mean(ops.reshape(x_BLD, (batch, length // bands, bands, width)), axis=2)
        frames_B = ops.cast(ops.sum(mask_BL[:, ::bands], axis=1), "int32")
        return ops.cast(self.classes(x_BFD), "float32"), frames_B


def spelt(ids_BT: Tensor, mask_BT: Tensor, spelling_VS: Tensor) -> Tensor:
    """Token ids to the bytes of their pieces.

    Args:
        ids_BT: int32.
        mask_BT: 1 at real tokens.
        spelling_VS: the bytes of each piece, zeros behind; see `SubwordTokenizer.spelling`.

    Returns:
        int32 [B, T * S], each row's bytes in front and zeros behind.
    """
    batch, length = ops.shape(ids_BT)
    width = length * spelling_VS.shape[1]
    bytes_BTS = ops.take(ops.convert_to_tensor(spelling_VS, "int32"), ids_BT, axis=0)
    bytes_BU = ops.reshape(bytes_BTS * ops.cast(mask_BT, "int32")[:, :, None], (batch, width))
    behind_BU = ops.cast(bytes_BU == 0, "int32") * width
    order_BU = ops.argsort(behind_BU + ops.arange(width, dtype="int32")[None], axis=1)
    return ops.take_along_axis(bytes_BU, order_BU, axis=1)
