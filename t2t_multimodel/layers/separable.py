"""Depthwise-separable convolution over time, plain and in groups of channels.

Legend: B batch, L length, C input channels, F output channels, K kernel taps.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.linear import Linear


class SeparableConv(Block):
    """Depthwise convolution, then a 1x1 convolution; no bias, stride 1 (paper, section 2.1).

    Args:
        channels: C.
        filters: F.
        kernel: K.
        dilation: distance between taps.
        causal: pad on the left only, so that position t sees nothing after t; else SAME.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        dilation: int = 1,
        causal: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters, self.kernel = channels, filters, kernel
        self.dilation, self.causal = dilation, causal

    def make_weights(self) -> None:
        self.depthwise = self.add_weight(
            shape=(self.kernel, self.channels), initializer="glorot_uniform", name="depthwise"
        )
        self.pointwise = self.add_weight(
            shape=(self.channels, self.filters), initializer="glorot_uniform", name="pointwise"
        )

    def call(self, x_BLC: Any) -> Any:
        kernel_KC = ops.convert_to_tensor(self.depthwise)
        x_BLC = fast.depthwise_conv(x_BLC, kernel_KC, self.dilation, self.causal)
        return fast.linear(x_BLC, self.pointwise)


class FullConv(Block):
    """Ordinary convolution without bias; arguments as `SeparableConv`."""

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        dilation: int = 1,
        causal: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape = (kernel, channels, filters)
        self.dilation, self.causal = dilation, causal

    def make_weights(self) -> None:
        self.weight = self.add_weight(shape=self.shape, initializer="glorot_uniform", name="kernel")

    def call(self, x_BLC: Any) -> Any:
        reach = (self.shape[0] - 1) * self.dilation
        before = reach if self.causal else reach // 2
        x_BLC = ops.pad(x_BLC, [[0, 0], [before, reach - before], [0, 0]])
        return ops.conv(x_BLC, self.weight, padding="valid", dilation_rate=self.dilation)


class GroupedConv(Block):
    """Tensor2Tensor's "super-separable" convolution: channels in groups, one convolution each.

    Args:
        channels, filters, kernel, dilation, causal: as in `SeparableConv`.
        separability: s < 0: |s| groups, a separable convolution each, nothing across groups.
            s > 0: s groups, a full convolution each; across groups a 1x1 convolution with bias
            if s > 1. Both C and F are multiples of |s|.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        separability: int,
        dilation: int = 1,
        causal: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.groups = abs(separability)
        form = SeparableConv if separability < 0 else FullConv
        self.parts = [
            form(
                channels // self.groups,
                filters // self.groups,
                kernel,
                dilation=dilation,
                causal=causal,
                name=f"part{i}",
            )
            for i in range(self.groups)
        ]
        mixes = separability > 1
        self.mix = Linear(filters, filters, use_bias=True, name="mix") if mixes else None

    def call(self, x_BLC: Any) -> Any:
        slices = ops.split(x_BLC, self.groups, axis=-1)
        outputs = [part(x) for part, x in zip(self.parts, slices, strict=True)]
        y_BLF = ops.concatenate(outputs, axis=-1)
        return y_BLF if self.mix is None else self.mix(y_BLF)
