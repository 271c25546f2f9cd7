"""Class labels: the exit flow of Xception (paper, section 2.5)."""

from __future__ import annotations

from typing import Any

from keras import Variable, ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.nets import PaperNetsConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import ConvStep2D, masked2d, max_pool
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.modalities.base import Modality
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Size, Tensor


@register_modality("class_label")
class ClassLabelModality(Modality):
    """One net for a set of classes.

        skip = ConvStep_{s=2}(x)
        h1 = ConvStep(x),  h2 = ConvStep(h1),  h3 = skip + MaxPool_2(h2)
        h4 = ConvStep_{f=1536}(h3),  h5 = ConvStep_{f=2048}(h4)
        out = PointwiseConv(GlobalAvgPool(ReLU(h5)))

    All kernels are 3x3; the body's positions are laid out as the input was, sequences as
    [L, 1]. The pointwise convolution has a bias. Legend: B batch, H, W axes, D width.
    """

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        own = of_kind(config.nets, PaperNetsConfig)
        width, (wide4, wide5) = config.hidden_size, own.exit_channels
        self.reads_encoder = own.class_path == "encoder"
        self.skip = ConvStep2D(width, width, stride=2, name="skip")
        self.step1 = ConvStep2D(width, width, name="step1")
        self.step2 = ConvStep2D(width, width, name="step2")
        self.step4 = ConvStep2D(width, wide4, name="step4")
        self.step5 = ConvStep2D(wide4, wide5, name="step5")
        self.classes = Linear(wide5, signature.size, use_bias=True, name="classes")

    def by_class(self) -> list[Variable]:
        return [self.classes.kernel, self.classes.bias]

    def logits(self, h_BTD: Tensor, mask_BT: Tensor, grid: tuple[Size, Size]) -> Tensor:
        """[B, 1, classes]; padding takes no part in any window or mean."""
        high, wide = grid
        shape = (ops.shape(h_BTD)[0], high, wide, self.config.hidden_size)
        x_BHWD = ops.reshape(h_BTD, shape)
        mask_BH = ops.reshape(mask_BT, shape[:3])[:, :, 0]
        h2 = self.step2(self.step1(x_BHWD, mask_BH=mask_BH), mask_BH=mask_BH)
        h3 = self.skip(x_BHWD, mask_BH=mask_BH) + max_pool(h2, mask_BH, (3, 3), (2, 2))
        mask_BH = mask_BH[:, ::2]
        h5 = self.step5(self.step4(h3, mask_BH=mask_BH), mask_BH=mask_BH)
        h5 = masked2d(ops.relu(h5), mask_BH)
        positions = ops.sum(mask_BH, axis=1) * ops.cast(ops.shape(h5)[2], "float32")
        total = ops.sum(ops.cast(h5, "float32"), axis=(1, 2))
        h6 = total / ops.maximum(positions, 1.0)[:, None]
        return self.classes(ops.cast(h6, self.compute_dtype))[:, None]
