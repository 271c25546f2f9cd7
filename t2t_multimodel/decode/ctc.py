"""What CTC hears, as an output of its own, and as the probability of prefixes beside the decoder's.

Legend: B sources, N outputs that are followed for each, R = B * N rows, F times, C classes of CTC
(bytes, 0 the blank), K candidates, S bytes of the longest piece, V tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import KerasTensor, ops

from t2t_multimodel.decode.guide import FORBIDDEN, Weigh
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import EOS_ID
from t2t_multimodel.layers import fast
from t2t_multimodel.layers.ctc import CLASSES
from t2t_multimodel.multimodel import Encoded, MultiModel
from t2t_multimodel.types import Tensor

LOW = -1e9
"""Log-probability of what can not be."""


def heard(model: MultiModel, encoded: Encoded, problem: str) -> tuple[Tensor, Tensor]:
    """Returns what CTC hears: log-probabilities of bytes [B, F, 256], real times of each row."""
    net = model.ctc[model.signature(problem).inputs.identity]
    return net.log_probabilities(encoded.x_BLD, encoded.mask_BL, bands=encoded.grid[1])


def spelling_of(model: MultiModel, problem: str) -> np.ndarray:
    """The bytes of each piece of the problem's targets, uint8 [V, S].

    Raises:
        UserError: the model was not told.
    """
    identity = model.signature(problem).targets.identity
    if identity not in model.spellings:
        raise UserError(
            f"Decoding by CTC needs to know how '{identity}' is spelt.",
            "model.spellings[identity] = tokenizer.spelling(), or DecodeConfig(ctc_weight=0).",
        )
    return model.spellings[identity]


def best_path(
    log_p_BFC: Tensor, frames_B: Tensor, spelling_VS: np.ndarray
) -> tuple[Tensor, Tensor]:
    """The best class at each time, repeats taken once and blanks left out.

    Returns:
        ids of pieces of one byte int32 [B, F + 1], zeros after the end; log-probability of the
        path [B].
    """
    length = ops.shape(log_p_BFC)[1]
    live_BF = ops.arange(length)[None] < frames_B[:, None]
    best_BF = ops.where(live_BF, ops.cast(ops.argmax(log_p_BFC, axis=-1), "int32"), 0)
    before_BF = ops.pad(best_BF, [[0, 0], [1, 0]])[:, :-1]
    kept_BF = ops.cast((best_BF != 0) & (best_BF != before_BF), "int32")
    order_BF = ops.argsort((1 - kept_BF) * length + ops.arange(length)[None], axis=1)
    bytes_BF = ops.take_along_axis(best_BF * kept_BF, order_BF, axis=1)
    ids_BF = ops.take(ops.convert_to_tensor(ids_of_bytes(spelling_VS)), bytes_BF, axis=0)
    ends = ops.arange(length + 1)[None] == ops.sum(kept_BF, axis=1)[:, None]
    ids = ops.where(ends, EOS_ID, ops.pad(ids_BF, [[0, 0], [0, 1]]))
    return ids, ops.sum(ops.where(live_BF, ops.max(log_p_BFC, axis=-1), 0.0), axis=1)


def ids_of_bytes(spelling_VS: np.ndarray) -> np.ndarray:
    """int32 [256]: the piece that is spelt as this byte alone, the last if there are several.

    Pieces come after the bytes of the fallback: those of letters before single bytes.
    """
    alone = (spelling_VS > 0).sum(axis=1) == 1
    ids = np.zeros(CLASSES, np.int32)
    ids[spelling_VS[alone, 0]] = np.flatnonzero(alone)
    return ids


class Prefixes(NamedTuple):
    """Spelt prefixes, and the paths that lead to them (Watanabe et al. 2017, algorithm 2)."""

    letter: Tensor
    """[..., F]: log-probability of all paths up to each time that spell it and end in a letter."""
    blank: Tensor
    """[..., F]: of those that end in a blank."""
    last: Tensor
    """int32 [...]: the last byte, 0 of an empty prefix."""
    score: Tensor
    """[...]: log-probability of all outputs that begin with it."""


class CtcGuide:
    """Weighs tokens by decoder and CTC together, prefix by prefix.

    A token's score is (1 - w) log P(token) + w (log P(prefix with it) - log P(prefix)), P of
    prefixes by CTC: the sum over a sequence is the joint score of arXiv 1609.06773. The `most`
    best tokens are looked at, where the first byte stands for the whole piece, and the end; others
    are forbidden.

    Args:
        model, problem: one that has CTC.
        weight: w.
        most: K.
    """

    specs = (KerasTensor((None, None, CLASSES), "float32"), KerasTensor((None,), "int32"))

    def __init__(self, model: MultiModel, problem: str, weight: float, most: int) -> None:
        self._model, self._problem = model, problem
        self._weight, self._most = weight, most
        self._spelling = spelling_of(model, problem).astype("int32")

    def facts(self, source: dict[str, Tensor], encoded: Encoded) -> tuple[Tensor, ...]:
        """Returns what is heard: log-probabilities [B, F, C] and real times [B]."""
        return heard(self._model, encoded, self._problem)

    def begin(self, facts: tuple[Tensor, ...], beams: int, longest: int) -> tuple[Prefixes, Weigh]:
        """Empty prefixes of all rows, and how tokens are weighed."""
        log_p_BFC, frames_B = facts
        times = _Heard(log_p_BFC, frames_B, beams)
        return times.empty(), lambda *now: self._weigh(times, *now)

    def _weigh(
        self, times: _Heard, log_p_RV: Tensor, last_R: Tensor, t: Tensor, prefixes: Prefixes
    ) -> tuple[Tensor, Prefixes]:
        spelling_VS = ops.convert_to_tensor(self._spelling)
        written_R1S = ops.take(spelling_VS, last_R, axis=0)[:, None]
        prefixes = _map(lambda x: x[:, 0], times.extended(_column(prefixes), written_R1S))
        first_V = spelling_VS[:, 0]
        hopes_RV = ops.take(times.next_bytes(prefixes), first_V, axis=1)
        hopes_RV = (1 - self._weight) * log_p_RV + self._weight * hopes_RV
        hopes_RV = ops.where(first_V > 0, hopes_RV, FORBIDDEN)
        ids_RK = ops.top_k(hopes_RV, min(self._most, log_p_RV.shape[-1]))[1]
        top_RK = ops.take_along_axis(log_p_RV, ids_RK, axis=1)
        bytes_RKS = ops.take(spelling_VS, ids_RK, axis=0)
        grown = times.extended(_column(prefixes), bytes_RKS)
        gain_RK = grown.score - prefixes.score[:, None]
        joint_RK = (1 - self._weight) * top_RK + self._weight * gain_RK
        joint_RK = ops.where(bytes_RKS[:, :, 0] > 0, joint_RK, FORBIDDEN)
        ends_R = times.whole(prefixes) - prefixes.score
        ends_R = (1 - self._weight) * log_p_RV[:, EOS_ID] + self._weight * ends_R
        row_RK = ops.broadcast_to(ops.arange(ops.shape(ids_RK)[0])[:, None], ops.shape(ids_RK))
        at = ops.stack([row_RK, ops.cast(ids_RK, "int32")], axis=-1)
        weighed_RV = ops.scatter_update(
            ops.full_like(log_p_RV, FORBIDDEN),
            ops.reshape(at, (-1, 2)),
            ops.reshape(joint_RK, (-1,)),
        )
        is_end_V = ops.arange(log_p_RV.shape[-1]) == EOS_ID
        return ops.where(is_end_V[None], ends_R[:, None], weighed_RV), prefixes


class _Heard:
    """The log-probabilities of a batch, for prefixes of its rows."""

    def __init__(self, log_p_BFC: Tensor, frames_B: Tensor, beams: int) -> None:
        sources, self._length = ops.shape(log_p_BFC)[:2]
        self._p_BFC, self._beams = ops.exp(log_p_BFC), beams
        by_class = ops.transpose(log_p_BFC, (0, 2, 1))
        self._table = ops.reshape(by_class, (sources * CLASSES, self._length))
        first_B = ops.arange(sources, dtype="int32") * CLASSES
        self._first_R = ops.repeat(first_B, beams, axis=0)
        self._frames_R = ops.repeat(ops.maximum(frames_B, 1), beams, axis=0)
        self._blank_RF = self._of(ops.zeros_like(self._first_R)[:, None])[:, 0]

    def empty(self) -> Prefixes:
        """The prefix of every row before anything is written."""
        nothing_R = ops.zeros_like(self._blank_RF[:, 0])
        blank_RF = ops.cumsum(self._blank_RF, axis=-1)
        impossible_RF = ops.full_like(blank_RF, LOW)
        return Prefixes(impossible_RF, blank_RF, ops.cast(nothing_R, "int32"), nothing_R)

    def extended(self, prefixes: Prefixes, bytes_RKS: Tensor) -> Prefixes:
        """Each prefix [R, 1 or K, ...] with the bytes of K pieces behind it; [R, K, ...]."""
        grid = ops.shape(bytes_RKS)[:2]
        prefixes = _map(lambda x: ops.broadcast_to(x, (*grid, *ops.shape(x)[2:])), prefixes)
        for s in range(bytes_RKS.shape[2]):
            byte_RK = bytes_RKS[:, :, s]
            grown, here = self._with(prefixes, byte_RK), byte_RK > 0
            prefixes = Prefixes(
                *(
                    ops.where(here[..., None] if len(old.shape) == 3 else here, new, old)
                    for new, old in zip(grown, prefixes, strict=True)
                )
            )
        return prefixes

    def _with(self, prefixes: Prefixes, byte_RK: Tensor) -> Prefixes:
        """Each prefix with one byte behind it."""
        letter, blank, last, _ = prefixes
        log_p = self._of(byte_RK)
        may_repeat = ops.equal(last, byte_RK)[..., None]  # only a blank parts equal neighbours
        ready = ops.where(may_repeat, blank, ops.logaddexp(blank, letter))
        ready = _later(ready, ops.where(last == 0, 0.0, LOW))
        letter = _recurrence(log_p, ready)
        after = _later(letter, ops.full_like(log_p[..., 0], LOW))
        blank = _recurrence(self._blank_RF[:, None], after)
        real = ops.arange(self._length)[None, None] < self._frames_R[:, None, None]
        score = ops.logsumexp(ops.where(real, ready + log_p, LOW), axis=-1)
        return Prefixes(letter, blank, byte_RK, score)

    def next_bytes(self, prefixes: Prefixes) -> Tensor:
        """[R, C]: log-probability of prefixes with each byte behind them, as if none repeated."""
        ready_RF = ops.logaddexp(prefixes.blank, prefixes.letter)
        ready_RF = _later(ready_RF, ops.where(prefixes.last == 0, 0.0, LOW))
        most_R1 = ops.max(ready_RF, axis=1, keepdims=True)
        real_RF = ops.arange(self._length)[None] < self._frames_R[:, None]
        part_RF = ops.where(real_RF, ops.exp(ready_RF - most_R1), 0.0)
        rows, beams = ops.shape(part_RF)[0], self._beams
        part_BNF = ops.reshape(part_RF, (rows // beams, beams, self._length))
        sum_RC = ops.reshape(ops.matmul(part_BNF, self._p_BFC), (rows, CLASSES))
        return ops.log(ops.maximum(sum_RC, 1e-30)) + most_R1

    def whole(self, prefixes: Prefixes) -> Tensor:
        """[R]: log-probability of the prefix as the whole output."""
        total_RF = ops.logaddexp(prefixes.letter, prefixes.blank)
        return ops.take_along_axis(total_RF, self._frames_R[:, None] - 1, axis=1)[:, 0]

    def _of(self, byte_RK: Tensor) -> Tensor:
        """Log-probabilities of bytes over time [R, K, F]."""
        return ops.take(self._table, self._first_R[:, None] + byte_RK, axis=0)


def _recurrence(log_p: Tensor, ready: Tensor) -> Tensor:
    """x_t = log(exp(x_{t-1}) + exp(ready_t)) + log_p_t along the last axis, x_{-1} = log 0."""
    total = ops.cumsum(log_p, axis=-1)
    return total + fast.cumulative_logsumexp(ready - (total - log_p))


def _later(x: Tensor, first: Tensor) -> Tensor:
    """x of the time before; `first` at the first one."""
    return ops.concatenate([first[..., None], x[..., :-1]], axis=-1)


def _column(prefixes: Prefixes) -> Prefixes:
    """Adds an axis for candidates behind that of rows."""
    return _map(lambda x: x[:, None], prefixes)


def _map(function: Any, prefixes: Prefixes) -> Prefixes:
    return keras.tree.map_structure(function, prefixes)
