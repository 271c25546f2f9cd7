"""Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): what moves hidden matrices.

The momentum of a matrix is brought near to an orthogonal matrix before it is applied, so that all
directions of the matrix learn alike, also those in which gradients are small.

`keras.optimizers.Muon` is not used, for two reasons. It moves variables of two axes alone, which
leaves stacked experts to Adam and takes depthwise kernels. And it owns its state and its count of
steps, whereas the engines here update only what got a gradient, in groups that are compiled once.

Experts are orthogonalised together, by products over their leading axis. Other matrices are not
stacked by shape: on a CPU that took a quarter more time than one after the other.

Legend: N experts, R rows (channels in), C columns (channels out).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops

from t2t_multimodel.config import MuonConfig, OptimizerConfig
from t2t_multimodel.types import Tensor

_MATRICES = ("kernel", "pointwise")
_EXPERTS = "experts_kernel"
_HEADS = ("classes",)
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""They bring singular values from .01 to 1 into about .7 to 1.2 within five rounds."""
_ROUNDS = 5
_NOT_ZERO = 1e-7


def moves_by_muon(config: OptimizerConfig, path: str, shape: Sequence[int]) -> bool:
    """Whether Muon moves a variable; Adam moves all others.

    It moves the maps from hidden channels to hidden channels: kernels of linear layers, the
    pointwise halves of separable convolutions, and experts, each expert for itself. Left to Adam
    are

    * embeddings, softmax tables and the last maps to class labels and to the bytes of CTC, whose
      rows or columns are symbols: a rare symbol must not move as far as a frequent one,
    * gates of routers, which begin at 0 and whose columns are experts, for the same reason,
    * depthwise kernels and full convolutions, which are a filter for each channel or patches of
      pixels rather than maps of channels,
    * vectors, and weights of other names in nets of the user's own.

    Args:
        config: of the run.
        path: of the variable; its last name tells what it is, the one before it whose.
        shape: of the variable.
    """
    if not isinstance(config.method, MuonConfig):
        return False
    owner, _, name = f"/{path}".rpartition("/")
    if name.startswith(_EXPERTS):
        return len(shape) == 3
    return name in _MATRICES and len(shape) == 2 and owner.rpartition("/")[2] not in _HEADS


def rate_ratio(config: OptimizerConfig, path: str, shape: Sequence[int]) -> float:
    """What the scheduled rate, which is Adam's, is multiplied with for a variable."""
    if isinstance(config.method, MuonConfig) and moves_by_muon(config, path, shape):
        return config.method.learning_rate / config.learning_rate
    return 1.0


def directions(
    config: OptimizerConfig, gradients: Mapping[int, Tensor], momenta: Mapping[int, Tensor]
) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """The new momentum of each matrix, and what is taken from it per unit of the learning rate.

    A matrix whose gradient is 0 throughout stands still, and so does its momentum: an expert that
    no token came to is like the weights of a problem that the step did not draw.

    Args:
        config: of the run, with Muon for its method.
        gradients: index of a variable -> gradient, [R, C], or [N, R, C] of experts.
        momenta: index -> momentum, of the same shapes.
    """
    assert isinstance(config.method, MuonConfig)
    decay = config.method.momentum
    new, moves = {}, {}
    for i, gradient in gradients.items():
        touched = ops.any(ops.not_equal(gradient, 0.0), axis=(-2, -1), keepdims=True)
        moved = decay * momenta[i] + (1.0 - decay) * gradient
        new[i] = ops.where(touched, moved, momenta[i])
        nesterov = decay * moved + (1.0 - decay) * gradient
        ahead = ops.where(touched, nesterov, ops.zeros_like(nesterov))
        moves[i] = scale(gradient.shape) * orthogonal(ahead)
    return new, moves


def scale(shape: Sequence[int]) -> float:
    """sqrt(max(1, columns / rows)), as in Jordan's own code, whose matrices are [out, in].

    A move of that size and a rate of .02 change an output of any width by about as much.
    """
    rows, columns = shape[-2:]
    return math.sqrt(max(1.0, columns / rows))


def orthogonal(x_NRC: Tensor) -> Tensor:
    """Moves the singular values of [R, C], or of each matrix of [N, R, C], near to 1.

    Newton-Schulz with a quintic polynomial needs products alone. A matrix of zeros stays as it is.
    """
    a, b, c = _COEFFICIENTS
    tall = x_NRC.shape[-2] > x_NRC.shape[-1]
    x: Any = ops.swapaxes(x_NRC, -2, -1) if tall else x_NRC
    squares = ops.sum(ops.square(x), axis=(-2, -1), keepdims=True)
    x = x / (ops.sqrt(squares) + _NOT_ZERO)
    for _ in range(_ROUNDS):
        gram = ops.matmul(x, ops.swapaxes(x, -2, -1))
        x = a * x + ops.matmul(b * gram + c * ops.matmul(gram, gram), x)
    return ops.swapaxes(x, -2, -1) if tall else x
