"""Depthwise-separable convolution, the convolution step and block (paper, section 2.1)."""

from __future__ import annotations

from typing import Any, Literal

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.random import StepSeed, dropout


class SeparableConv(Block):
    """Depthwise convolution over time, then a 1x1 convolution; no bias, stride 1.

    Args:
        channels: input channels, C.
        filters: output channels, F.
        kernel: taps, K.
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
        self.depthwise_kernel = self.add_weight(
            shape=(self.kernel, self.channels), initializer="glorot_uniform", name="depthwise"
        )
        self.pointwise_kernel = self.add_weight(
            shape=(self.channels, self.filters), initializer="glorot_uniform", name="pointwise"
        )

    def call(self, x_BLC: Any) -> Any:
        kernel_KC = ops.convert_to_tensor(self.depthwise_kernel)
        x_BLC = fast.depthwise_conv(x_BLC, kernel_KC, self.dilation, self.causal)
        return ops.matmul(x_BLC, self.pointwise_kernel)


class ConvStep(Block):
    """ConvStep(W, x) = LN(SepConv(W, ReLU(x))).

    Args:
        channels, filters, kernel, dilation, causal: of the separable convolution.
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
        self.conv = SeparableConv(
            channels, filters, kernel, dilation=dilation, causal=causal, name="conv"
        )
        self.norm = LayerNorm(filters, name="norm")

    def call(self, x_BLC: Any, mask_BL: Any = None) -> Any:
        """`mask_BL` is 0 at padding, which then adds nothing to its neighbours."""
        return self.norm(self.conv(masked(ops.relu(x_BLC), mask_BL)))


class ConvBlock(Block):
    """Four steps with two skips, both from the block's input (paper, section 2.1).

        hidden1 = step1(x)          hidden2 = x + step2(hidden1)
        hidden3 = step3(hidden2)    hidden4 = x + step4(hidden3)

    Args:
        channels: of input and output.
        kernels, dilations: of the four steps.
        causal: for mixer and decoder.
        dropout_rate: in training.
        dropout_place: "block" drops hidden4, "branch" drops step4 before x is added.
    """

    def __init__(
        self,
        channels: int,
        kernels: tuple[int, ...],
        dilations: tuple[int, ...],
        *,
        causal: bool = False,
        dropout_rate: float = 0.0,
        dropout_place: Literal["block", "branch"] = "block",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dropout_rate, self.dropout_place = dropout_rate, dropout_place
        self.step1, self.step2, self.step3, self.step4 = (
            ConvStep(channels, channels, kernel, dilation=dilation, causal=causal, name=f"step{i}")
            for i, (kernel, dilation) in enumerate(zip(kernels, dilations, strict=True), start=1)
        )

    def call(
        self,
        x_BLC: Any,
        mask_BL: Any = None,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Any:
        hidden1 = self.step1(x_BLC, mask_BL=mask_BL)
        hidden2 = x_BLC + self.step2(hidden1, mask_BL=mask_BL)
        hidden3 = self.step3(hidden2, mask_BL=mask_BL)
        branch = self.step4(hidden3, mask_BL=mask_BL)
        if self.dropout_place == "branch":
            return x_BLC + dropout(branch, self.dropout_rate, training, seed)
        return dropout(x_BLC + branch, self.dropout_rate, training, seed)


def masked(x: Any, mask: Any) -> Any:
    """x with the positions where `mask` is 0 set to 0; all of x if there is no mask."""
    return x if mask is None else x * ops.cast(mask, x.dtype)[..., None]
