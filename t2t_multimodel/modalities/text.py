"""Text: one embedding table a vocabulary (paper, section 2.5)."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers import fast
from t2t_multimodel.layers.convolution import masked
from t2t_multimodel.layers.loss import TokenScores, cross_entropy
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Size, Tensor


@register_modality("text")
class TextModality(Modality):
    """in(x) = sqrt(D) W_E x,  out(h) = softmax(W_S h); no biases.

    Args:
        config: `tie_softmax` makes W_S and W_E one table, `share_embeddings` the input and the
            target embedding.
        signature: `size` is the number of pieces, V.
    """

    is_spelt = True

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        self.embedding_scale = math.sqrt(config.hidden_size)

    def make_weights(self) -> None:
        width = self.config.hidden_size
        shape = (self.signature.size, width)
        # unit variance after the scale; a W_S of its own starts small, so that the first loss
        # is near ln V whatever the variance of the body's output
        embed = keras.initializers.RandomNormal(stddev=width**-0.5)
        small = keras.initializers.RandomNormal(stddev=0.1 * width**-0.5)
        self.embedding = self.add_weight(shape=shape, initializer=embed, name="embedding")
        self.target_embedding, self.softmax = self.embedding, self.embedding
        if not self.config.share_embeddings:
            self.target_embedding = self.add_weight(
                shape=shape, initializer=embed, name="target_embedding"
            )
        if not self.config.tie_softmax:
            self.softmax = self.add_weight(shape=shape, initializer=small, name="softmax")

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        """Token ids [B, L] to embeddings."""
        length = ops.shape(values)[1]
        mask_BL = length_mask(lengths_B, length)
        return Embedded(self._embed(self.embedding, values, mask_BL), mask_BL, (length, 1))

    def embed_targets(self, targets: Tensor, mask_BT: Tensor) -> Tensor:
        return self._embed(self.target_embedding, targets, mask_BT)

    def logits(self, h_BTD: Tensor, mask_BT: Tensor, grid: tuple[Size, Size]) -> Tensor:
        table = ops.cast(self.softmax, h_BTD.dtype)
        return fast.linear(h_BTD, table, transposed=True)

    def score(
        self,
        h_BTD: Tensor,
        mask_BT: Tensor,
        grid: tuple[Size, Size],
        labels_BT: Tensor,
        label_smoothing: float = 0.0,
    ) -> TokenScores:
        rows_BTD = ops.cast(ops.take(self.softmax, labels_BT, axis=0), h_BTD.dtype)
        label_logit = ops.cast(ops.sum(h_BTD * rows_BTD, axis=-1), "float32")
        logits = self.logits(h_BTD, mask_BT, grid)
        return cross_entropy(logits, labels_BT, label_smoothing, label_logit)

    def _embed(self, table: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        x = ops.cast(ops.take(table, ids, axis=0), self.compute_dtype) * self.embedding_scale
        return masked(x, mask)


def length_mask(lengths_B: Tensor, length: Size) -> Tensor:
    """float32 [B, L]: 1 before each row's length."""
    positions = ops.arange(length, dtype="int32")[None, :]
    return ops.cast(positions < ops.cast(lengths_B, "int32")[:, None], "float32")
