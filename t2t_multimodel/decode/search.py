"""The search for one problem's tokens: traced inside of the functions that a decoder compiles.

Legend: B sources, N outputs that are followed for each, R = B * N rows, L source positions,
D width, T longest output, V tokens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import KerasTensor, ops

from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode.beam import Beam, beam_search, length_penalty
from t2t_multimodel.decode.guide import Guide, Weigh
from t2t_multimodel.decode.sample import sampler
from t2t_multimodel.decode.write import best, write
from t2t_multimodel.features import PAD_ID
from t2t_multimodel.layers import fast
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.types import Tensor, Tensors


@dataclass(frozen=True)
class Search:
    """Writes tokens position by position by the method of a `DecodeConfig`."""

    model: MultiModel
    problem: str
    config: DecodeConfig
    guides: Sequence[Guide]
    """What else has a say on each token."""
    longest: int
    """T."""
    beams: int
    """N."""

    @property
    def specs(self) -> tuple[KerasTensor, ...]:
        """Shapes and types of what `run` takes."""
        return (
            KerasTensor((None, None, self.model.config.hidden_size), self.model.body.compute_dtype),
            KerasTensor((None, None), "float32"),
            KerasTensor((None, self.longest), "int32"),
            KerasTensor((None,), "bool"),
            *(spec for guide in self.guides for spec in guide.specs),
        )

    def encode(self, source: dict[str, Tensor]) -> tuple[Tensor, ...]:
        """What is searched for: the encoder's output, its mask, and the facts of all guides."""
        encoded = self.model.encode(source, self.problem)
        facts = (fact for guide in self.guides for fact in guide.facts(source, encoded))
        return encoded.x_BLD, encoded.mask_BL, *facts

    def run(
        self, x_BLD: Tensor, mask_BL: Tensor, forced_BT: Tensor, live_B: Tensor, *facts: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Ids [B, N, T], the best output first, and scores [B, N].

        Args:
            x_BLD, mask_BL, facts: from `encode`.
            forced_BT: int32, ids that must be taken where they are not 0.
            live_B: bool; nothing is written for other sources.
        """
        with fast.for_xla() if self.config.jit else contextlib.nullcontext():
            return self._loop(x_BLD, mask_BL, forced_BT, live_B, facts)

    def _loop(
        self,
        x_BLD: Tensor,
        mask_BL: Tensor,
        forced_BT: Tensor,
        live_B: Tensor,
        facts: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor]:
        config, body, beams = self.config, self.model.body, self.beams
        memory = body.memory(x_BLD, mask_BL)
        states, weighs = self._begin_guides(facts)
        cache = (body.cache(ops.shape(x_BLD)[0] * beams, self.longest), states)

        def next_tokens(last_R: Tensor, t: Tensor, cache: Any) -> tuple[Tensor, Tensors]:
            own, states = cache
            logits_RV, own = self.model.step(last_R, t, own, memory, self.problem, beams)
            log_p_RV, after = ops.log_softmax(ops.cast(logits_RV, "float32"), axis=-1), []
            for weigh, state in zip(weighs, states, strict=True):
                log_p_RV, state = weigh(log_p_RV, last_R, t, state)
                after.append(state)
            return log_p_RV, (own, tuple(after))

        if beams > 1 and config.method == "beam":
            how = Beam(beams, config.alpha)
            return beam_search(next_tokens, cache, forced_BT, live_B, how)
        choose = sampler(config) if config.method == "sample" else best
        forced_RT, live_R = (ops.repeat(x, beams, axis=0) for x in (forced_BT, live_B))
        ids_RT, score_R = write(next_tokens, choose, cache, forced_RT, live_R)
        if config.method == "beam":  # a beam holds the outputs of one sequence
            length_R = ops.sum(ops.cast(ids_RT != PAD_ID, "int32"), axis=1)
            score_R = score_R / length_penalty(length_R, config.alpha)
        ids = ops.reshape(ids_RT, (-1, beams, self.longest))
        scores, order = ops.top_k(ops.reshape(score_R, (-1, beams)), beams)
        return ops.take_along_axis(ids, ops.cast(order, "int32")[:, :, None], axis=1), scores

    def _begin_guides(self, facts: Sequence[Any]) -> tuple[tuple[Any, ...], list[Weigh]]:
        """States of all guides, and how they weigh."""
        states, weighs, rest = [], [], list(facts)
        for guide in self.guides:
            own, rest = rest[: len(guide.specs)], rest[len(guide.specs) :]
            state, weigh = guide.begin(tuple(own), self.beams, self.longest)
            states.append(state)
            weighs.append(weigh)
        return tuple(states), weighs
