"""The class-label nets of Tensor2Tensor's first MultiModel."""

from __future__ import annotations

from typing import Any

from keras import Variable, ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import ConvStep2D, FullConv2D, Padding, max_pool
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.modalities.base import Modality
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Size, Tensor


@register_modality("t2t_class_label_2d")
class T2TClassLabelModality(Modality):
    """Xception's exit flow over the picture's positions; read off the encoder, padding and all.

    skip = LN(Conv(ReLU(x))) of 1.25 D, strided;  h = steps of D and 1.25 D, max pool, + skip
    steps of 2 D (without its ReLU) and 2.5 D;  ReLU, mean, linear map with bias
    """

    reads_encoder = True
    kernel: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (2, 2)
    padding: Padding = "same"

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        d = config.hidden_size
        form: dict[str, Any] = {"kernel": self.kernel, "padding": self.padding}
        self.skip = FullConv2D(d, d * 5 // 4, strides=self.strides, name="skip", **form)
        self.step1 = ConvStep2D(d, d, name="step1", **form)
        self.step2 = ConvStep2D(d, d * 5 // 4, name="step2", **form)
        self.step3 = ConvStep2D(d * 5 // 4, d * 2, relu=False, name="step3", **form)
        self.step4 = ConvStep2D(d * 2, d * 5 // 2, name="step4", **form)
        self.classes = Linear(d * 5 // 2, signature.size, use_bias=True, name="classes")

    def by_class(self) -> list[Variable]:
        return [self.classes.kernel, self.classes.bias]

    def logits(self, h_BTD: Tensor, mask_BT: Tensor, grid: tuple[Size, Size]) -> Tensor:
        """[B, 1, classes]"""
        shape = (ops.shape(h_BTD)[0], *self._layout(grid), self.config.hidden_size)
        x = ops.reshape(h_BTD, shape)
        h = self.step2(self.step1(x))
        h = self.skip(x) + max_pool(h, None, self.kernel, self.strides, self.padding)
        h = ops.relu(self.step4(self.step3(h)))
        return self.classes(ops.mean(h, axis=(1, 2)))[:, None]

    def _layout(self, grid: tuple[Size, Size]) -> tuple[Size, Size]:
        return grid


@register_modality("t2t_class_label_1d")
class T2TClassLabel1DModality(T2TClassLabelModality):
    """The same over the sequence of positions: kernels 5x1, stride 4, left padding."""

    kernel = (5, 1)
    strides = (4, 1)
    padding = "left"

    def _layout(self, grid: tuple[Size, Size]) -> tuple[Size, Size]:
        return grid[0] * grid[1], 1
