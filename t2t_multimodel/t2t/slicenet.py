"""Blocks of Tensor2Tensor's first MultiModel (2017-06), which it shares with SliceNet.

Legend: B batch, T target length, L source length, C channels.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from t2t_multimodel.layers.attention import MultiHeadAttention, real
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.convolution import ConvStep, masked
from t2t_multimodel.layers.norm import LayerNorm
from t2t_multimodel.layers.place import Place, caches, chain
from t2t_multimodel.layers.timing import timing_halves

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

    def call(self, x_BLC: Any, mask_BL: Any = None) -> Any:
        """[B, L, C] to [B, L, C]; `mask_BL` is 0 at padding."""
        for step in self.steps:
            x_BLC = step(x_BLC, mask_BL=mask_BL)
        return x_BLC

    def cache(self, rows: Any) -> dict[str, Any]:
        """The state of `step` before the first position."""
        return caches(self.steps, rows)

    def step(self, x_RC: Any, cache: dict[str, Any], place: Place) -> tuple[Any, dict[str, Any]]:
        """One position of a causal `call` [R, C], and the next state."""
        return chain(self.steps, x_RC, cache, place)


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
        self.attention = MultiHeadAttention(channels, 1, name="attention")
        self.norm = LayerNorm(channels, begins_at=begins_at, name="norm")

    def call(self, target_BTC: Any, source_BLC: Any, source_mask_BL: Any = None) -> Any:
        """Targets [B, T, C] and source [B, L, C] to [B, T, C]."""
        signal = timing_halves(ops.shape(target_BTC)[1], self.channels, TIMESCALES)
        m = self.premix(target_BTC + ops.cast(signal, target_BTC.dtype))
        visible = None if source_mask_BL is None else real(source_mask_BL)
        return self.norm(target_BTC + self.attention(m, source_BLC, visible=visible))

    def memory(self, source_BLC: Any, source_mask_BL: Any) -> dict[str, Any]:
        """Keys and values of the source, and which positions of it are real."""
        return {"keys": self.attention.keys(source_BLC), "visible": real(source_mask_BL)}

    def cache(self, rows: Any) -> dict[str, Any]:
        """The state of `step` before the first position: it looks at the source alone."""
        return self.premix.cache(rows)

    def step(
        self, x_RC: Any, cache: dict[str, Any], memory: dict[str, Any], place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of `call` [R, C], and the next state."""
        signal = timing_halves(1, self.channels, TIMESCALES, start=place.t)[:, 0]
        m, cache = self.premix.step(x_RC + ops.cast(signal, x_RC.dtype), cache, place)
        attended = self.attention.look_step(m, memory["keys"], memory["visible"], place)
        return self.norm(x_RC + attended), cache


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
        x_BLC: Any,
        mask_BL: Any = None,
        source_BLC: Any = None,
        source_mask_BL: Any = None,
    ) -> Any:
        """[B, L, C] to [B, L, C]; the source [B, S, C] is for a block that attends."""
        mask_BL = None if self.causal else mask_BL
        y = self.steps1(x_BLC, mask_BL=mask_BL)
        x_BLC = x_BLC + self.steps2(x_BLC + y, mask_BL=mask_BL) + y
        if self.attention is not None:
            x_BLC = x_BLC + self.attention(
                x_BLC, source_BLC=source_BLC, source_mask_BL=source_mask_BL
            )
        return masked(x_BLC, mask_BL)

    def memory(self, source_BLC: Any, source_mask_BL: Any) -> dict[str, Any]:
        """What the attention keeps of the source."""
        assert self.attention is not None, "encoder blocks have no memory"
        return self.attention.memory(source_BLC, source_mask_BL)

    def cache(self, rows: Any) -> dict[str, Any]:
        """The state of `step` before the first position."""
        return caches((self.steps1, self.steps2, self.attention), rows)

    def step(
        self, x_RC: Any, cache: dict[str, Any], memory: dict[str, Any], place: Place
    ) -> tuple[Any, dict[str, Any]]:
        """One position of a causal `call` [R, C], and the next state."""
        assert self.attention is not None, "encoder blocks take no steps"
        after = {}
        y, after["steps1"] = self.steps1.step(x_RC, cache["steps1"], place)
        z, after["steps2"] = self.steps2.step(x_RC + y, cache["steps2"], place)
        x_RC = x_RC + z + y
        attended, after["attention"] = self.attention.step(x_RC, cache["attention"], memory, place)
        return x_RC + attended, after
