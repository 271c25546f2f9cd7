"""Ring buffers: the inputs that a causal convolution still needs, at fixed addresses.

Position t lies at [t mod d, t // d mod K], d the dilation. The K taps of one position are then
one row of the buffer, and nothing is ever moved.

Legend: R rows, d dilation, K taps, C channels.
"""

from __future__ import annotations

from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.types import Size, Tensor


class Ring:
    """Addresses in a buffer [R, d, K, C], zeros at first: the padding in front of position 0.

    Args:
        taps: K.
        dilation: d.
        t: position that is being computed.
    """

    def __init__(self, taps: int, dilation: int, t: Tensor) -> None:
        self.taps = taps
        self.row, self.slot = t % dilation, t // dilation % taps
        self.dilation = dilation

    def write(self, ring_RdKC: Tensor, x_RC: Tensor) -> Tensor:
        """The buffer with the input of position t in it."""
        x_RC = ops.cast(x_RC, ring_RdKC.dtype)
        return ops.slice_update(ring_RdKC, (0, self.row, self.slot, 0), x_RC[:, None, None])

    def taps_in_place(self, ring_RdKC: Tensor) -> Tensor:
        """The inputs that position t sees [R, K, C], in the order in which they lie."""
        if self.dilation == 1:
            return ring_RdKC[:, 0]
        return ops.take(ring_RdKC, self.row, axis=1)

    def turned(self, kernel_KC: Tensor) -> Tensor:
        """The taps of a kernel in the order in which their inputs lie; its last tap meets t."""
        twice = ops.concatenate([kernel_KC, kernel_KC], axis=0)
        start = (self.taps - 1 - self.slot, 0)
        return ops.slice(twice, start, kernel_KC.shape)

    def taps_in_order(self, ring_RdKC: Tensor) -> Tensor:
        """The inputs that position t sees [R, K, C], oldest first."""
        order = (ops.arange(self.taps) + self.slot + 1) % self.taps
        return ops.take(self.taps_in_place(ring_RdKC), order, axis=1)


def empty_ring(rows: Size, taps: int, dilation: int, channels: int, dtype: str) -> Tensor:
    """Zeros [R, d, K, C]."""
    return ops.zeros((rows, dilation, taps, channels), dtype)


def depthwise_step(
    ring_RdKC: Tensor, x_RC: Tensor, kernel_KC: Tensor, t: Tensor
) -> tuple[Tensor, Tensor]:
    """Position t of a causal depthwise convolution [R, C], and the next buffer."""
    ring = Ring(kernel_KC.shape[0], ring_RdKC.shape[1], t)
    ring_RdKC = ring.write(ring_RdKC, x_RC)
    return fast.tap_sum(ring.taps_in_place(ring_RdKC), ring.turned(kernel_KC)), ring_RdKC


def full_step(
    ring_RdKC: Tensor, x_RC: Tensor, kernel_KCF: Tensor, t: Tensor
) -> tuple[Tensor, Tensor]:
    """Position t of a causal convolution [R, F], and the next buffer."""
    taps, channels, filters = kernel_KCF.shape
    ring = Ring(taps, ring_RdKC.shape[1], t)
    ring_RdKC = ring.write(ring_RdKC, x_RC)
    seen = ops.reshape(ring.taps_in_order(ring_RdKC), (-1, taps * channels))
    flat = ops.reshape(kernel_KCF, (taps * channels, filters))
    return fast.linear(seen, flat), ring_RdKC
