"""The image and label nets of Tensor2Tensor since 2017-11, whose pictures are not down-sampled.

Importing registers them, for `train_step.py --nets=later`: the work of tensor2tensor 1.9's
multimodel on images, beside which the sets' own nets, of 2017-06, do a small part.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import FullConv2D
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.modalities.image import flattened, rgb
from t2t_multimodel.registry import register_modality


@register_modality("later_image")
class LaterImage(Modality):
    """Raw values, one convolution 3x3 to D with a layer norm: a position for each pixel."""

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        width = config.hidden_size
        self.project = FullConv2D(3, width, padding="same", relu=False, name="project")

    def embed(self, values: Any, lengths_B: Any, mode: Mode = EVAL) -> Embedded:
        h_BHWD = self.project(rgb(values, self.compute_dtype))
        return flattened(h_BHWD, lengths_B, self.config.hidden_size)


@register_modality("later_label")
class LaterLabel(Modality):
    """Mean over the encoder's positions, then a linear map with bias."""

    reads_encoder = True

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        self.classes = Linear(config.hidden_size, signature.size, use_bias=True, name="classes")

    def logits(self, h_BTD: Any, mask_BT: Any, grid: tuple[Any, Any]) -> Any:
        """[B, 1, classes]"""
        return self.classes(ops.mean(h_BTD, axis=1, keepdims=True))
