"""Decoder: free-running output of one problem, from compiled functions that are made once.

Legend: B sources, N outputs that are followed for each, T longest output.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import KerasTensor, ops

from t2t_multimodel import backend, nets
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.decode.beam import LOST
from t2t_multimodel.decode.ctc import CtcGuide, best_path, heard, spelling_of
from t2t_multimodel.decode.filling import filled_up
from t2t_multimodel.decode.guide import Guide
from t2t_multimodel.decode.room import Room
from t2t_multimodel.decode.search import Search
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import PAD_ID, Signature
from t2t_multimodel.layers import fast
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.terminal import plural
from t2t_multimodel.types import Tensor

_COPIES, _BEAM_COPIES = 1.25, 2.0
"""Memory of a step over that of the caches of all positions, as measured: a beam picks among its
outputs, and so has a second copy of them."""
LOOKED_AT = 4
"""Tokens, times the beams, that CTC weighs at each place, the decoder's best ones."""


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
        guides: what else has a say, see `grammar.guides`.

    Raises:
        UserError: the method cannot have so many outputs.
    """

    def __init__(
        self,
        model: MultiModel,
        problem: str,
        config: DecodeConfig,
        guides: Sequence[Guide] = (),
    ) -> None:
        self._model, self._problem, self._config = model, problem, config
        signature = model.signature(problem)
        self._targets = signature.targets
        self.output = signature.targets.output
        """The way the targets are predicted; a prefix and a beam are for tokens alone."""
        self._longest = config.max_length or signature.targets.max_length
        self._fills_up = config.jit or not fast.TENSORFLOW
        if config.method == "greedy" and config.nbest > 1 and self.output == "tokens":
            raise UserError(
                f"Greedy output is one sequence, but nbest is {config.nbest}.",
                "Use method beam, or sample.",
            )
        weight = self._ctc_weight()
        self._spells = weight == 1 and config.method == "greedy"
        self._guides = list(guides if config.grammar else ())
        if weight and not self._spells:
            self._guides.append(CtcGuide(model, problem, weight, LOOKED_AT * self._beams))

    def _ctc_weight(self) -> float:
        """What CTC says, from 0 to 1.

        Raises:
            UserError: it is asked for, but the problem has none.
        """
        has_it = nets.spells(self._model.config, self._model.signature(self._problem))
        given = self._config.ctc_weight
        if given and not has_it:
            raise UserError(
                f"ctc_weight is {given}, but nothing spells {self._problem} by CTC.",
                "It is for problems from audio to text, of a model trained with model.ctc_weight.",
            )
        if given is not None or not has_it or self._config.method == "sample":
            return given or 0.0
        return self._model.config.ctc_decoding

    @property
    def _beams(self) -> int:
        """Sequences that are followed for each source."""
        config = self._config
        return {"greedy": 1, "beam": config.beam_size, "sample": config.nbest}[config.method]

    @functools.cached_property
    def _room(self) -> Room:
        copies = _BEAM_COPIES if self._config.method == "beam" else _COPIES
        return Room(self._model.body, self._longest, self._beams, copies)

    @functools.cached_property
    def _source(self) -> dict[str, KerasTensor]:
        return source_spec(self._model.signature(self._problem).inputs)

    @functools.cached_property
    def _predicted(self) -> Any:
        return backend.compiled(self._model, self._at_once, self._source)

    @functools.cached_property
    def _spelt(self) -> Any:
        return backend.compiled(self._model, self._spell, self._source)

    @functools.cached_property
    def _search(self) -> Search:
        return Search(
            self._model, self._problem, self._config, self._guides, self._longest, self._beams
        )

    @functools.cached_property
    def _encoded(self) -> Any:
        return backend.compiled(self._model, self._search.encode, self._source)

    @functools.cached_property
    def _written(self) -> Any:
        search = self._search
        return backend.compiled(self._model, search.run, *search.specs, jit=self._config.jit)

    def __call__(self, batch: Batch, prefix: np.ndarray | None = None) -> Decoded:
        """Outputs for a batch; only its inputs are looked at.

        Args:
            batch: from `collate`.
            prefix: int32 [B, P], tokens that the outputs must begin with; those that are 0 are
                free. Their log-probability counts in the scores.

        Raises:
            UserError: a prefix is longer than outputs may be, the outputs are no tokens, or they
                do not fit into memory.
        """
        source = {name: batch[name] for name in ("inputs", "inputs_length")}
        if prefix is not None:
            self._check_prefix(prefix)
        if self.output != "tokens":
            return Decoded(*(np.asarray(part) for part in self._predicted(source)))
        if self._spells:
            return Decoded(*(np.asarray(part) for part in self._spelt(source)))
        rows = len(source["inputs_length"])
        self._room.check(rows)
        x_BLD, mask_BL, *facts = self._encoded(source)
        forced_BT = np.zeros((rows, self._longest), np.int32)
        if prefix is not None:
            known = prefix[:, : self._longest]
            forced_BT[:, : known.shape[1]] = known
        live_B = np.asarray(source["inputs_length"]) > 0  # fillers are not waited for
        if self._fills_up:
            arguments = (x_BLD, mask_BL, forced_BT, live_B, *facts)
            x_BLD, mask_BL, forced_BT, live_B, *facts = filled_up(*arguments)
        ids, scores = (
            np.asarray(part)[:rows, : self._config.nbest]
            for part in self._written(x_BLD, mask_BL, forced_BT, live_B, *facts)
        )
        missing = scores <= LOST / 10
        return Decoded(
            np.where(missing[:, :, None], PAD_ID, ids), np.where(missing, -np.inf, scores)
        )

    def _check_prefix(self, prefix: np.ndarray) -> None:
        if self.output != "tokens":
            raise UserError(f"Outputs of {self._problem} are {self.output}, which have no prefix.")
        if self._ctc_weight():
            raise UserError(
                f"A prefix of {self._problem} is the decoder's, but CTC has a say.",
                "Give DecodeConfig(ctc_weight=0).",
            )
        if prefix[:, self._longest :].any():
            length = 1 + int(np.flatnonzero(prefix.any(axis=0))[-1])
            raise UserError(
                f"A prefix has {plural(length, 'token')}, but outputs of {self._problem} have "
                f"{self._longest} at most."
            )

    def outputs(self, source: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`Decoded` as tensors, to be called inside of a function that is being compiled.

        What there is not has a score near `LOST`.
        """
        if self.output != "tokens":
            return self._at_once(source)
        if self._spells:
            return self._spell(source)
        x_BLD, mask_BL, *facts = self._search.encode(source)
        rows = ops.shape(mask_BL)[0]
        forced_BT = ops.zeros((rows, self._longest), "int32")
        live_B = ops.ones((rows,), "bool")
        ids, scores = self._search.run(x_BLD, mask_BL, forced_BT, live_B, *facts)
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

    def _spell(self, source: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Returns what CTC hears [B, 1, F + 1], in one-byte pieces, and its log-probability."""
        found = heard(self._model, self._model.encode(source, self._problem), self._problem)
        ids_BT, score_B = best_path(*found, spelling_of(self._model, self._problem))
        return ids_BT[:, None], score_B[:, None]


def source_spec(inputs: Signature) -> dict[str, KerasTensor]:
    """Shapes and types of what the encoder takes."""
    return {
        "inputs": KerasTensor((None, *inputs.shape), inputs.dtype),
        "inputs_length": KerasTensor((None,), "int32"),
    }
