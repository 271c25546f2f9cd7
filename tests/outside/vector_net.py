"""The net of `vectors.Vector`, in a file of its own: the problems are listed without Keras."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel import Modality, register_modality
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Entered


@register_modality("vector")
class VectorNet(Modality):
    """A linear map into the body's channels, and one out of them; the loss is the squared error."""

    def make_weights(self) -> None:
        n, width = self.signature.shape[0], self.config.hidden_size
        self.into = self.add_weight(shape=(n, width), initializer="glorot_uniform", name="into")
        self.out = self.add_weight(shape=(width, n), initializer="glorot_uniform", name="out")

    def enter(self, values: Any, lengths_B: Any, mode: Mode = EVAL) -> Entered:
        """Numbers [B, n] to one position."""
        x_B1D = ops.matmul(ops.cast(values, self.compute_dtype)[:, None], self.into)
        mask_B1 = ops.cast(ops.convert_to_tensor(lengths_B) > 0, "float32")[:, None]
        return Entered(x_B1D, mask_B1, (1, 1))

    def logits(self, h_BTD: Any, mask_BT: Any, grid: tuple[Any, Any]) -> Any:
        return ops.matmul(h_BTD, self.out)
