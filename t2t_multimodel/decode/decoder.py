"""Decoder: free-running output of one problem, from compiled functions that are made once.

Legend: B sources, N outputs that are followed for each, R = B * N rows, L source positions,
D width, T longest output.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any, NamedTuple

import numpy as np
from keras import KerasTensor, ops

from t2t_multimodel import backend
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.decode.beam import LOST, beam_search, length_penalty
from t2t_multimodel.decode.sample import sampler
from t2t_multimodel.decode.write import best, write
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import PAD_ID
from t2t_multimodel.layers import fast
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.types import Tensor, Tensors


class Decoded(NamedTuple):
    """The outputs of a batch, the best first."""

    ids: np.ndarray
    """int32 [B, N, T], zeros after the end token; class numbers are [B, N, 1]; values are
    float32 [B, 1, ...]."""
    scores: np.ndarray
    """float32 [B, N]: log-probability, with method beam divided by the length penalty (see
    `beam_search`); -inf for an output that there is not; 0 for
    values, which have no probability."""


class Decoder:
    """Turns batches of one problem into outputs.

    The encoder runs once; then each position costs the same. With `config.jit`, and on JAX,
    batches are filled up to a few sizes, since each size is compiled.

    Args:
        model: may be trained on meanwhile; its variables are read anew in each call.
        problem: one of the model's.
        config: method and limits.

    Raises:
        UserError: the method cannot have so many outputs.
    """

    def __init__(self, model: MultiModel, problem: str, config: DecodeConfig) -> None:
        self._model, self._problem, self._config = model, problem, config
        signature = model.signature(problem)
        self._targets = signature.targets
        self.output = signature.targets.output
        """How the targets are predicted; a prefix and a beam are for tokens alone."""
        self._longest = config.max_length or signature.targets.max_length
        self._fills_up = config.jit or not fast.TENSORFLOW
        if config.method == "greedy" and config.nbest > 1 and self.output == "tokens":
            raise UserError(
                f"Greedy output is one sequence, but nbest is {config.nbest}.",
                "Use method beam, or sample.",
            )

    @functools.cached_property
    def _source(self) -> dict[str, KerasTensor]:
        """Shapes and types of what the encoder takes."""
        inputs = self._model.signature(self._problem).inputs
        return {
            "inputs": KerasTensor((None, *inputs.shape), inputs.dtype),
            "inputs_length": KerasTensor((None,), "int32"),
        }

    @functools.cached_property
    def _predicted(self) -> Any:
        return backend.compiled(self._model, self._at_once, self._source)

    @functools.cached_property
    def _encoded(self) -> Any:
        return backend.compiled(self._model, self._encode, self._source)

    @functools.cached_property
    def _written(self) -> Any:
        width = self._model.config.hidden_size
        return backend.compiled(
            self._model,
            self._write,
            KerasTensor((None, None, width), self._model.body.compute_dtype),
            KerasTensor((None, None), "float32"),
            KerasTensor((None, self._longest), "int32"),
            KerasTensor((None,), "bool"),
            jit=self._config.jit,
        )

    def __call__(self, batch: Batch, prefix: np.ndarray | None = None) -> Decoded:
        """Outputs for a batch; only its inputs are looked at.

        Args:
            batch: from `collate`.
            prefix: int32 [B, P], tokens that the outputs must begin with; those that are 0 are
                free. Their log-probability counts in the scores.

        Raises:
            UserError: a prefix is longer than outputs may be, or the outputs are no tokens.
        """
        source = {name: batch[name] for name in ("inputs", "inputs_length")}
        if prefix is not None:
            self._check_prefix(prefix)
        if self.output != "tokens":
            return Decoded(*(np.asarray(part) for part in self._predicted(source)))
        x_BLD, mask_BL = self._encoded(source)
        rows = len(source["inputs_length"])
        forced_BT = np.zeros((rows, self._longest), np.int32)
        if prefix is not None:
            known = prefix[:, : self._longest]
            forced_BT[:, : known.shape[1]] = known
        live_B = np.asarray(source["inputs_length"]) > 0  # fillers are not waited for
        if self._fills_up:
            x_BLD, mask_BL, forced_BT, live_B = _filled_up(x_BLD, mask_BL, forced_BT, live_B)
        ids, scores = (
            np.asarray(part)[:rows, : self._config.nbest]
            for part in self._written(x_BLD, mask_BL, forced_BT, live_B)
        )
        missing = scores <= LOST / 10
        return Decoded(
            np.where(missing[:, :, None], PAD_ID, ids), np.where(missing, -np.inf, scores)
        )

    def _check_prefix(self, prefix: np.ndarray) -> None:
        if self.output != "tokens":
            raise UserError(f"Outputs of {self._problem} are {self.output}, which have no prefix.")
        if prefix[:, self._longest :].any():
            length = 1 + int(np.flatnonzero(prefix.any(axis=0))[-1])
            raise UserError(
                f"A prefix has {length} tokens, but outputs of {self._problem} have "
                f"{self._longest} at most."
            )

    def outputs(self, source: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`Decoded` as tensors, to be called inside of a function that is being compiled.

        What there is not has a score near `LOST`.
        """
        if self.output != "tokens":
            return self._at_once(source)
        x_BLD, mask_BL = self._encode(source)
        rows = ops.shape(mask_BL)[0]
        forced_BT = ops.zeros((rows, self._longest), "int32")
        ids, scores = self._write(x_BLD, mask_BL, forced_BT, ops.ones((rows,), "bool"))
        return ids[:, : self._config.nbest], scores[:, : self._config.nbest]

    def _at_once(self, source: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The best classes [B, N, 1] and their log-probability [B, N]; or the values [B, 1, ...]
        and zeros [B, 1].
        """
        rows, targets = ops.shape(source["inputs_length"])[0], self._targets
        unknown = {
            "targets": ops.zeros((rows, *targets.shape), targets.dtype),
            "targets_length": ops.ones((rows,)),
        }
        outputs = self._model({**source, **unknown}, problem=self._problem, training=False)
        if self.output == "values":
            values = self._model.nets[targets.identity].predicted(outputs["logits"])
            return ops.cast(values, "float32"), ops.zeros((rows, 1))
        log_p = ops.log_softmax(ops.cast(outputs["logits"][:, 0], "float32"), axis=-1)
        scores, classes = ops.top_k(log_p, min(self._config.nbest, log_p.shape[-1]))
        return ops.cast(classes, "int32")[:, :, None], scores

    def _encode(self, source: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        encoded = self._model.encode(source, self._problem)
        return encoded.x_BLD, encoded.mask_BL

    def _write(self, *arguments: Any) -> tuple[Tensor, Tensor]:
        with fast.for_xla() if self._config.jit else contextlib.nullcontext():
            return self._loop(*arguments)

    def _loop(
        self, x_BLD: Tensor, mask_BL: Tensor, forced_BT: Tensor, live_B: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loop over positions: ids [B, N, T], scores [B, N]."""
        config, body = self._config, self._model.body
        beams = {"greedy": 1, "beam": config.beam_size, "sample": config.nbest}[config.method]
        memory = body.memory(x_BLD, mask_BL)
        cache = body.cache(ops.shape(x_BLD)[0] * beams, self._longest)

        def next_logits(last_R: Tensor, t: Tensor, cache: Tensors) -> tuple[Tensor, Tensors]:
            return self._model.step(last_R, t, cache, memory, self._problem, beams)

        if beams > 1 and config.method == "beam":
            return beam_search(next_logits, cache, forced_BT, live_B, beams, config.alpha)
        choose = sampler(config) if config.method == "sample" else best
        forced_RT, live_R = (ops.repeat(x, beams, axis=0) for x in (forced_BT, live_B))
        ids_RT, score_R = write(next_logits, choose, cache, forced_RT, live_R)
        if config.method == "beam":  # a beam holds the outputs of one sequence
            length_R = ops.sum(ops.cast(ids_RT != PAD_ID, "int32"), axis=1)
            score_R = score_R / length_penalty(length_R, config.alpha)
        ids = ops.reshape(ids_RT, (-1, beams, self._longest))
        scores, order = ops.top_k(ops.reshape(score_R, (-1, beams)), beams)
        return ops.take_along_axis(ids, ops.cast(order, "int32")[:, :, None], axis=1), scores


def _filled_up(
    x_BLD: Tensor, mask_BL: Tensor, forced_BT: np.ndarray, live_B: np.ndarray
) -> tuple[Any, ...]:
    """More rows and positions, all of them padding, up to the next sizes that are compiled."""
    rows, length = x_BLD.shape[:2]
    row, position = next_size(rows) - rows, next_size(max(length, 8)) - length
    if not row and not position:
        return x_BLD, mask_BL, forced_BT, live_B
    return (
        ops.pad(x_BLD, [[0, row], [0, position], [0, 0]]),
        ops.pad(mask_BL, [[0, row], [0, position]]),
        np.pad(forced_BT, [[0, row], [0, 0]]),
        np.pad(live_B, [0, row]),
    )


def next_size(size: int) -> int:
    """The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, ... that is not below `size`."""
    power = 1 << max(0, size - 1).bit_length()
    return power * 3 // 4 if power >= 4 and size <= power * 3 // 4 else power
