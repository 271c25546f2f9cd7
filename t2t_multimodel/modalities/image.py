"""Images: the entry flow of Xception (paper, section 2.5)."""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.nets import PaperNetsConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.convolution2d import ConvRes, ConvStep2D, FullConv2D
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.registry import register_modality
from t2t_multimodel.types import Tensor


@register_modality("image")
class ImageModality(Modality):
    """One net for all images; grey is repeated to three channels.

        h1 = ConvStep_{s=2,f=32}(3x3, x),  h2 = ConvStep_{f=64}(3x3, h1)
        r1 = ConvRes(h2, 128),  r2 = ConvRes(r1, 256),  out = ConvRes(r2, D)

    With `image_blocks` other than 3 the last residual block is the one to D channels and those
    before it have min(128 * 2^i, D). Without any, a third step maps h2 to D: a stride of 2 for
    small pictures. Pixels enter as 0 to 1, which the first step's ReLU leaves as they are; the
    full stem takes them standardised for each picture.

    Legend: B batch, H height, W width, C channels.
    """

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(config, signature, **kwargs)
        width, self.own = config.hidden_size, of_kind(config.nets, PaperNetsConfig)
        if self.own.image_stem == "full":
            self.step1 = FullConv2D(3, 32, strides=(2, 2), relu=False, name="step1")
            self.step2 = FullConv2D(32, 64, name="step2")
        else:
            self.step1 = ConvStep2D(3, 32, stride=2, name="step1")
            self.step2 = ConvStep2D(32, 64, name="step2")
        widths = [min(128 * 2**i, width) for i in range(self.own.image_blocks - 1)] + [width]
        self.last_step = ConvStep2D(64, width, name="step3") if not self.own.image_blocks else None
        self.blocks = [
            ConvRes(channels, filters, name=f"block{i}")
            for i, (channels, filters) in enumerate(zip([64, *widths], widths, strict=False))
        ][: self.own.image_blocks]

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        """uint8 [B, H, W, 1 or 3] to features."""
        x_BHWC = rgb(values, self.compute_dtype)
        if self.own.image_stem == "full":
            h = self.step1(standardised(x_BHWC))
        else:
            h = self.step1(x_BHWC / 255.0)
        h = self.step2(h)
        for block in self.blocks:
            h = block(h)
        if self.last_step is not None:
            h = self.last_step(h)
        return flattened(h, lengths_B, self.config.hidden_size)


def rgb(values: Tensor, dtype: str) -> Tensor:
    """[B, H, W, 1 or 3] of any type to [B, H, W, 3] of `dtype`."""
    x_BHWC = ops.cast(values, dtype)
    return ops.repeat(x_BHWC, 3, axis=-1) if x_BHWC.shape[-1] == 1 else x_BHWC


def flattened(h_BHWD: Tensor, lengths_B: Tensor, width: int) -> Embedded:
    """A picture's positions row by row, all real; none of a filler row, whose length is 0."""
    batch, high, wide = ops.shape(h_BHWD)[:3]
    x_BLD = ops.reshape(h_BHWD, (batch, high * wide, width))
    real_B1 = ops.cast(ops.convert_to_tensor(lengths_B) > 0, "float32")[:, None]
    return Embedded(x_BLD, ops.repeat(real_B1, high * wide, axis=1), (high, wide))


def standardised(x_BHWC: Tensor) -> Tensor:
    """Each picture to mean 0 and deviation 1; nearly flat ones are divided by 1 / sqrt(size)."""
    axes = (1, 2, 3)
    size = ops.cast(ops.prod(ops.convert_to_tensor(ops.shape(x_BHWC)[1:])), x_BHWC.dtype)
    centred = x_BHWC - ops.mean(x_BHWC, axis=axes, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centred), axis=axes, keepdims=True))
    return centred / ops.maximum(deviation, ops.rsqrt(size))
