"""The convolution step and the convolution block (paper, section 2.1)."""

from __future__ import annotations

from typing import Any, Literal

from keras import ops

from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.mode import EVAL, Mode, dropout
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.separable import GroupedConv, SeparableConv
from t2t_multimodel.types import Tensor


class ConvStep(Block):
    """ConvStep(W, x) = LN(SepConv(W, ReLU(x))).

    Args:
        channels, filters, kernel, dilation, causal: of the separable convolution.
        separability: 0 for the paper's convolution; else of a `GroupedConv`.
        begins_at: initial scale of the norm.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        dilation: int = 1,
        causal: bool = False,
        separability: int = 0,
        begins_at: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        shape: dict[str, Any] = {"dilation": dilation, "causal": causal, "name": "conv"}
        self.conv = (
            GroupedConv(channels, filters, kernel, separability=separability, **shape)
            if separability
            else SeparableConv(channels, filters, kernel, **shape)
        )
        self.norm = LayerNorm(filters, begins_at=begins_at, name="norm")

    def call(self, x_BLC: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL) -> Tensor:
        """`mask_BL` is 0 at padding, which then adds nothing to its neighbours."""
        return self.norm(self.conv(masked(ops.relu(x_BLC), mask_BL), mode=mode))


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
        branch_scale: initial scale of the norms of steps 2 and 4, which end the two branches.
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
        branch_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dropout_rate, self.dropout_place = dropout_rate, dropout_place
        scales = (1.0, branch_scale, 1.0, branch_scale)
        self.step1, self.step2, self.step3, self.step4 = (
            ConvStep(
                channels,
                channels,
                kernel,
                dilation=dilation,
                causal=causal,
                begins_at=begins_at,
                name=f"step{i}",
            )
            for i, (kernel, dilation, begins_at) in enumerate(
                zip(kernels, dilations, scales, strict=True), start=1
            )
        )

    def call(
        self,
        x_BLC: Tensor,
        mask_BL: Tensor | None = None,
        mode: Mode = EVAL,
    ) -> Tensor:
        """[B, L, C] to [B, L, C]; `mask_BL` is 0 at padding."""
        given = {"mask_BL": mask_BL, "mode": mode}
        hidden1 = self.step1(x_BLC, **given)
        hidden2 = x_BLC + self.step2(hidden1, **given)
        hidden3 = self.step3(hidden2, **given)
        branch = self.step4(hidden3, **given)
        if self.dropout_place == "branch":
            return x_BLC + dropout(branch, self.dropout_rate, mode)
        return dropout(x_BLC + branch, self.dropout_rate, mode)


def masked(x: Tensor, mask: Tensor | None) -> Tensor:
    """x with the positions where `mask` is 0 set to 0; all of x if there is no mask."""
    return x if mask is None else x * ops.cast(mask, x.dtype)[..., None]
