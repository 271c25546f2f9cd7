"""Convolutions over two axes, for the modality nets (paper, section 2.5).

Masks run along the first axis. Legend: B batch, H first axis (height or time), W second axis,
C input channels, F output channels.
"""

from __future__ import annotations

from typing import Any, Literal

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.types import Size, Tensor

Padding = Literal["centred", "same", "left"]
"""The place of the zeros that keep a window of k positions inside.

centred: k // 2 on each side, so that windows of stride 2 are centred on positions 0, 2, 4, ...
    whatever the size: a longer batch does not move them. Ours.
same: TensorFlow's rule, which depends on the size when the stride is above 1. T2T's.
left: 2 * (k // 2) in front, for windows that must not see what follows. T2T's.
"""

LOWEST = -1e9


class ConvStep2D(Block):
    """ConvStep_{s,f}(W^{k}, x) = LN(SepConv(ReLU(x))) over H and W.

    Args:
        channels: C.
        filters: F.
        kernel: taps along (H, W), odd.
        stride: 1 or 2, of both axes.
        padding: rule for the borders.
        relu: whether the ReLU is there.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        stride: int = 1,
        *,
        padding: Padding = "centred",
        relu: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters = channels, filters
        self.kernel, self.stride = kernel, stride
        self.padding, self.relu = padding, relu
        self.norm = LayerNorm(filters, name="norm")

    def make_weights(self) -> None:
        self.depthwise = self.add_weight(
            shape=(*self.kernel, self.channels, 1), initializer="glorot_uniform", name="depthwise"
        )
        self.pointwise = self.add_weight(
            shape=(self.channels, self.filters), initializer="glorot_uniform", name="pointwise"
        )

    def call(self, x_BHWC: Tensor, mask_BH: Tensor | None = None) -> Tensor:
        """[B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), F]"""
        x = masked2d(ops.relu(x_BHWC) if self.relu else x_BHWC, mask_BH)
        x = pad(x, self.kernel, (self.stride, self.stride), self.padding)
        x = fast.depthwise_conv2d(x, self.depthwise, self.stride)
        return self.norm(fast.linear(x, self.pointwise))


class FullConv2D(Block):
    """LN(Conv(x)), an ordinary convolution without bias.

    Args:
        channels, filters, kernel, padding, relu: as in `ConvStep2D`.
        strides: along (H, W).
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        strides: tuple[int, int] = (1, 1),
        *,
        padding: Padding = "centred",
        relu: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters = channels, filters
        self.kernel, self.strides = kernel, strides
        self.padding, self.relu = padding, relu
        self.norm = LayerNorm(filters, name="norm")

    def make_weights(self) -> None:
        self.weight = self.add_weight(
            shape=(*self.kernel, self.channels, self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )

    def call(self, x_BHWC: Tensor) -> Tensor:
        """[B, H, W, C] to [B, ceil(H / strides[0]), ceil(W / strides[1]), F]"""
        x = ops.relu(x_BHWC) if self.relu else x_BHWC
        x = pad(x, self.kernel, self.strides, self.padding)
        return self.norm(ops.conv(x, self.weight, strides=self.strides, padding="valid"))


class ConvRes(Block):
    """Two steps and a max pool beside a strided 1x1 step (paper, section 2.5).

        c1 = ConvStep(x),  c2 = ConvStep(c1),  p1 = MaxPool_3(c2)
        ConvRes(x) = p1 + ConvStep_{s}(W^{1x1}, x)

    Args:
        channels: C.
        filters: F.
        kernel: taps of steps and pool along (H, W).
        strides: of pool and skip along (H, W), each 1 or 2.
        padding: rule for the borders.
        relu_on_skip: whether the 1x1 step has its ReLU.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        strides: tuple[int, int] = (2, 2),
        *,
        padding: Padding = "centred",
        relu_on_skip: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel, self.strides = kernel, strides
        self.padding, self.relu_on_skip = padding, relu_on_skip
        self.step1 = ConvStep2D(channels, filters, kernel, padding=padding, name="step1")
        self.step2 = ConvStep2D(filters, filters, kernel, padding=padding, name="step2")
        self.skip = Linear(channels, filters, name="skip")
        self.skip_norm = LayerNorm(filters, name="skip_norm")

    def call(self, x_BHWC: Tensor, mask_BH: Tensor | None = None) -> Tensor:
        """The mask of the result is `mask_BH[:, ::strides[0]]`."""
        c2 = self.step2(self.step1(x_BHWC, mask_BH=mask_BH), mask_BH=mask_BH)
        p1 = max_pool(c2, mask_BH, self.kernel, self.strides, self.padding)
        strided = x_BHWC[:, :: self.strides[0], :: self.strides[1]]
        if self.relu_on_skip:
            strided = ops.relu(strided)
        return p1 + self.skip_norm(self.skip(strided))


def max_pool(
    x_BHWC: Tensor,
    mask_BH: Tensor | None,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding = "centred",
) -> Tensor:
    """Maximum over windows; positions outside the picture or the mask never win.

    With left padding the zeros in front take part, as in Tensor2Tensor.
    """
    if mask_BH is not None:
        live = ops.cast(mask_BH, "bool")[:, :, None, None]
        x_BHWC = ops.where(live, x_BHWC, ops.cast(LOWEST, x_BHWC.dtype))
    x = pad(x_BHWC, kernel, strides, padding, 0.0 if padding == "left" else LOWEST)
    x = ops.max_pool(x, kernel, strides=strides, padding="valid")
    return x if mask_BH is None else masked2d(x, mask_BH[:, :: strides[0]])


def pad(
    x_BHWC: Tensor,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding,
    value: float = 0.0,
) -> Tensor:
    """Adds what a window operation with padding "valid" needs around x."""
    if kernel == (1, 1):
        return x_BHWC
    sizes = ops.shape(x_BHWC)[1:3]
    high, wide = (_edges(*axis, padding) for axis in zip(sizes, kernel, strides, strict=True))
    edges = [[0, 0], high, wide, [0, 0]]
    return ops.pad(x_BHWC, edges, constant_values=ops.cast(value, x_BHWC.dtype))


def _edges(size: Size, taps: int, stride: int, padding: Padding) -> list[Any]:
    if padding == "centred":
        return [taps // 2, taps // 2]
    if padding == "left":
        return [2 * (taps // 2), 0]
    total = (-(-size // stride) - 1) * stride + taps - size
    total = max(total, 0) if isinstance(total, int) else ops.maximum(total, 0)
    return [total // 2, total - total // 2]


def masked2d(x_BHWC: Tensor, mask_BH: Tensor | None) -> Tensor:
    """x with the rows where `mask_BH` is 0 set to 0; all of x if there is no mask."""
    return x_BHWC if mask_BH is None else x_BHWC * ops.cast(mask_BH, x_BHWC.dtype)[:, :, None, None]
