"""Convolutions over time: depthwise separable, full, and in groups of channels.

Legend: B batch, L length, C input channels, F output channels, K kernel taps.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.decode_state import LooksBack
from t2t_multimodel.layers.linear import Linear
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.ring import depthwise_step, empty_ring, full_step
from t2t_multimodel.types import Size, Tensor


class Convolution(Block, LooksBack):
    """The sizes of a convolution, and its two kinds of passes. No bias, stride 1.

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

    def call(self, x_BLC: Tensor, mode: Mode = EVAL) -> Tensor:
        """[B, L, C] to [B, L, F]; a step has L = 1, and is of causal convolutions alone."""
        if mode.state is None:
            return self.whole(x_BLC)
        y_RF, ring = self.position(mode.state.before(self), x_BLC[:, 0], mode.state.t)
        mode.state.keep(self, ring)
        return y_RF[:, None]

    def whole(self, x_BLC: Tensor) -> Tensor:
        """All positions at once: [B, L, C] to [B, L, F]."""
        raise NotImplementedError

    def position(self, ring: Tensor, x_RC: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Position t [R, F], and the ring buffer with its input in it."""
        raise NotImplementedError

    @property
    def looks_back(self) -> bool:
        return self.causal

    def empty(self, rows: Size, length: int) -> Tensor:
        """A ring buffer of zeros for the inputs that the next positions need."""
        return empty_ring(rows, self.kernel, self.dilation, self.channels, self.compute_dtype)


class SeparableConv(Convolution):
    """Depthwise convolution, then a 1x1 convolution (paper, section 2.1)."""

    def make_weights(self) -> None:
        self.depthwise = self.add_weight(
            shape=(self.kernel, self.channels), initializer="glorot_uniform", name="depthwise"
        )
        self.pointwise = self.add_weight(
            shape=(self.channels, self.filters), initializer="glorot_uniform", name="pointwise"
        )

    def whole(self, x_BLC: Tensor) -> Tensor:
        kernel_KC = ops.convert_to_tensor(self.depthwise)
        x_BLC = fast.depthwise_conv(x_BLC, kernel_KC, self.dilation, self.causal)
        return fast.linear(x_BLC, self.pointwise)

    def position(self, ring: Tensor, x_RC: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        x_RC, ring = depthwise_step(ring, x_RC, ops.convert_to_tensor(self.depthwise), t)
        return fast.linear(x_RC, self.pointwise), ring


class FullConv(Convolution):
    """Ordinary convolution."""

    def make_weights(self) -> None:
        shape = (self.kernel, self.channels, self.filters)
        self.weight = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")

    def whole(self, x_BLC: Tensor) -> Tensor:
        reach = (self.kernel - 1) * self.dilation
        before = reach if self.causal else reach // 2
        x_BLC = ops.pad(x_BLC, [[0, 0], [before, reach - before], [0, 0]])
        return ops.conv(x_BLC, self.weight, padding="valid", dilation_rate=self.dilation)

    def position(self, ring: Tensor, x_RC: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        return full_step(ring, x_RC, ops.convert_to_tensor(self.weight), t)


class GroupedConv(Block):
    """Tensor2Tensor's "super-separable" convolution: channels in groups, one convolution each.

    Args:
        channels, filters, kernel, dilation, causal: as in `Convolution`.
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

    def call(self, x_BLC: Tensor, mode: Mode = EVAL) -> Tensor:
        """[B, L, C] to [B, L, F]; a step has L = 1."""
        slices = ops.split(x_BLC, self.groups, axis=-1)
        outputs = [part(x, mode=mode) for part, x in zip(self.parts, slices, strict=True)]
        y_BLF = ops.concatenate(outputs, axis=-1)
        return y_BLF if self.mix is None else self.mix(y_BLF)
