"""Blocks of Tensor2Tensor's first MultiModel (2017-06), which it shares with SliceNet.

Legend: B batch, T target length, L source length, C channels.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers.attention import SourceAttention
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.convolution import ConvStep, masked
from t2t_multimodel.layers.decode_state import EncodedSource
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.timing import timing_halves
from t2t_multimodel.types import Tensor

TIMESCALES = 16


class TwoSteps(Block):
    """Two convolution steps, one after the other.

    Args:
        channels: C.
        kernels, dilations: of the two steps.
        separability: 0 for plain separable convolutions; -2 for three groups in the first step
            and two in the second, so that both mix channels which the other keeps apart.
        causal: left padding.
        ends_at: initial scale of the norm of the second step.
    """

    def __init__(
        self,
        channels: int,
        kernels: tuple[int, ...],
        dilations: tuple[int, ...],
        *,
        separability: int,
        causal: bool,
        ends_at: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        groups = (separability - 1, separability) if separability < 0 else (separability,) * 2
        self.steps = [
            ConvStep(
                channels,
                channels,
                kernels[i],
                dilation=dilations[i],
                causal=causal,
                separability=groups[i],
                begins_at=(1.0, ends_at)[i],
                name=f"step{i}",
            )
            for i in range(2)
        ]

    def call(self, x_BLC: Tensor, mask_BL: Tensor | None = None, mode: Mode = EVAL) -> Tensor:
        """[B, L, C] to [B, L, C]; `mask_BL` is 0 at padding."""
        for step in self.steps:
            x_BLC = step(x_BLC, mask_BL=mask_BL, mode=mode)
        return x_BLC


class SimpleAttention(Block):
    """LN(t + softmax(m s^T / sqrt(C)) s), m = TwoSteps(t + timing): one head, no maps.

    Args:
        channels: C.
        separability: of the two causal steps, of kernel 5 and dilations 1 and 4.
        begins_at: initial scale of the norm.
    """

    def __init__(
        self, channels: int, *, separability: int, begins_at: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.premix = TwoSteps(
            channels, (5, 5), (1, 4), separability=separability, causal=True, name="premix"
        )
        self.attention = SourceAttention(channels, 1, name="attention")
        self.norm = LayerNorm(channels, begins_at=begins_at, name="norm")

    def call(self, target_BTC: Tensor, source: EncodedSource, mode: Mode = EVAL) -> Tensor:
        """[B, T, C] to [B, T, C]"""
        length = ops.shape(target_BTC)[1]
        signal = timing_halves(length, self.channels, TIMESCALES, start=mode.start)
        m = self.premix(target_BTC + ops.cast(signal, target_BTC.dtype), mode=mode)
        return self.norm(target_BTC + self.attention(m, source=source, mode=mode))


class MultiConvRes(Block):
    """Residual convolutions: y = steps1(x), x = x + steps2(x + y) + y, then attention if any.

    With SAME padding the result is masked; with left padding nothing is.

    Args:
        channels: C.
        kernels, dilations: of the four steps.
        separability: see `TwoSteps`.
        causal: left padding.
        attends: adds attention to a source at the end.
        branch_scale: initial scale of the norms that end steps1, steps2 and the attention, each
            of which is added to x.
    """

    def __init__(
        self,
        channels: int,
        kernels: tuple[int, ...],
        dilations: tuple[int, ...],
        *,
        separability: int = 0,
        causal: bool = False,
        attends: bool = False,
        branch_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.causal = causal
        form: dict[str, Any] = {
            "separability": separability,
            "causal": causal,
            "ends_at": branch_scale,
        }
        self.steps1 = TwoSteps(channels, kernels[:2], dilations[:2], name="steps1", **form)
        self.steps2 = TwoSteps(channels, kernels[2:], dilations[2:], name="steps2", **form)
        self.attention = (
            SimpleAttention(
                channels, separability=separability, begins_at=branch_scale, name="attention"
            )
            if attends
            else None
        )

    def call(
        self,
        x_BLC: Tensor,
        mask_BL: Tensor | None = None,
        source: EncodedSource | None = None,
        mode: Mode = EVAL,
    ) -> Tensor:
        """[B, L, C] to [B, L, C]; a block that attends needs a source."""
        mask_BL = None if self.causal else mask_BL
        y = self.steps1(x_BLC, mask_BL=mask_BL, mode=mode)
        x_BLC = x_BLC + self.steps2(x_BLC + y, mask_BL=mask_BL, mode=mode) + y
        if self.attention is not None:
            x_BLC = x_BLC + self.attention(x_BLC, source=source, mode=mode)
        return masked(x_BLC, mask_BL)
