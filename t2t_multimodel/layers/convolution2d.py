"""Convolutions over two axes, for the modality nets (paper, section 2.5).

Every padding is half a kernel on each side, whatever the size: strided windows stay centred on
positions 0, 2, 4, ..., hence a longer batch does not move them. Masks run along the first axis.

Legend: B batch, H first axis (height or time), W second axis, C and F channels.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers.attention import Linear
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.norm import LayerNorm

LOWEST = -1e9


class ConvStep2D(Block):
    """ConvStep_{s,f}(W^{k}, x) = LN(SepConv(ReLU(x))) over H and W.

    Args:
        channels: C.
        filters: F.
        kernel: taps along (H, W), odd.
        stride: 1 or 2, of both axes.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        stride: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters = channels, filters
        self.kernel, self.stride = kernel, stride
        self.norm = LayerNorm(filters, name="norm")

    def make_weights(self) -> None:
        self.depthwise_kernel = self.add_weight(
            shape=(*self.kernel, self.channels, 1), initializer="glorot_uniform", name="depthwise"
        )
        self.pointwise_kernel = self.add_weight(
            shape=(self.channels, self.filters), initializer="glorot_uniform", name="pointwise"
        )

    def call(self, x_BHWC: Any, mask_BH: Any = None) -> Any:
        x = pad(masked2d(ops.relu(x_BHWC), mask_BH), self.kernel)
        x = ops.depthwise_conv(x, self.depthwise_kernel, strides=self.stride, padding="valid")
        return self.norm(ops.matmul(x, self.pointwise_kernel))


class FullConv2D(Block):
    """LN(Conv(x)), no ReLU before: the form of Xception's first convolutions.

    Args:
        channels, filters, kernel, stride: as in `ConvStep2D`.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        stride: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters = channels, filters
        self.kernel, self.stride = kernel, stride
        self.norm = LayerNorm(filters, name="norm")

    def make_weights(self) -> None:
        self.weight = self.add_weight(
            shape=(*self.kernel, self.channels, self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )

    def call(self, x_BHWC: Any) -> Any:
        x = pad(x_BHWC, self.kernel)
        return self.norm(ops.conv(x, self.weight, strides=self.stride, padding="valid"))


class ConvRes(Block):
    """Two steps and a max pool beside a strided 1x1 step (paper, section 2.5).

        c1 = ConvStep(x),  c2 = ConvStep(c1),  p1 = MaxPool_3(c2)
        ConvRes(x) = p1 + ConvStep_{s}(W^{1x1}, x)

    Args:
        channels: C.
        filters: F.
        kernel: taps of steps and pool along (H, W).
        strides: of pool and skip along (H, W), each 1 or 2.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, int] = (3, 3),
        strides: tuple[int, int] = (2, 2),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel, self.strides = kernel, strides
        self.step1 = ConvStep2D(channels, filters, kernel, name="step1")
        self.step2 = ConvStep2D(filters, filters, kernel, name="step2")
        self.skip = Linear(channels, filters, name="skip")
        self.skip_norm = LayerNorm(filters, name="skip_norm")

    def call(self, x_BHWC: Any, mask_BH: Any = None) -> Any:
        """The mask of the result is `mask_BH[:, ::strides[0]]`."""
        c2 = self.step2(self.step1(x_BHWC, mask_BH=mask_BH), mask_BH=mask_BH)
        p1 = max_pool(c2, mask_BH, self.kernel, self.strides)
        strided = x_BHWC[:, :: self.strides[0], :: self.strides[1]]
        return p1 + self.skip_norm(self.skip(ops.relu(strided)))


def max_pool(x_BHWC: Any, mask_BH: Any, kernel: tuple[int, int], strides: tuple[int, int]) -> Any:
    """Maximum over windows; positions outside the picture or the mask never win."""
    if mask_BH is not None:
        live = ops.cast(mask_BH, "bool")[:, :, None, None]
        x_BHWC = ops.where(live, x_BHWC, ops.cast(LOWEST, x_BHWC.dtype))
    x = pad(x_BHWC, kernel, LOWEST)
    x = ops.max_pool(x, kernel, strides=strides, padding="valid")
    return x if mask_BH is None else masked2d(x, mask_BH[:, :: strides[0]])


def pad(x_BHWC: Any, kernel: tuple[int, int], value: float = 0.0) -> Any:
    """Half a kernel on each side of both axes."""
    high, wide = kernel[0] // 2, kernel[1] // 2
    if high == wide == 0:
        return x_BHWC
    edges = [[0, 0], [high, high], [wide, wide], [0, 0]]
    return ops.pad(x_BHWC, edges, constant_values=ops.cast(value, x_BHWC.dtype))


def masked2d(x_BHWC: Any, mask_BH: Any) -> Any:
    """x with the rows where `mask_BH` is 0 set to 0; all of x if there is no mask."""
    return x_BHWC if mask_BH is None else x_BHWC * ops.cast(mask_BH, x_BHWC.dtype)[:, :, None, None]
