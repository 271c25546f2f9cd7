"""Where decoding stands that writes one position after the other.

A layer that looks at other positions has three methods beside `call`:

    memory(source)                      what it keeps of the source, once
    cache(rows)                         what it keeps of the positions so far; zeros at first
    step(x_RC, cache, [memory,] place)  one position of `call`, and the next cache

and gives in `step` at position t what `call` gives there. Layers that treat each position alike
have none: they are called with x [R, C]. Both memory and cache are nested dicts of tensors.

Legend: B sources, R = B * beams rows: the sequences written for one source are neighbours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from keras import ops

from t2t_multimodel.layers.mode import EVAL, Mode


@dataclasses.dataclass(frozen=True)
class Place:
    """The position that is being computed."""

    t: Any
    """int32 scalar; the first is 0."""
    beams: int = 1
    """Sequences written for each source."""
    mode: Mode = EVAL

    def by_source(self, x_RC: Any) -> Any:
        """[B, beams, C]"""
        return ops.reshape(x_RC, (-1, self.beams, x_RC.shape[-1]))


def caches(layers: Sequence[Any], *sizes: Any) -> dict[str, Any]:
    """The empty caches of layers, by name."""
    return {layer.name: layer.cache(*sizes) for layer in layers}


def chain(
    layers: Sequence[Any], x_RC: Any, cache: dict[str, Any], place: Place
) -> tuple[Any, dict[str, Any]]:
    """One step of layers that follow each other."""
    after = {}
    for layer in layers:
        x_RC, after[layer.name] = layer.step(x_RC, cache[layer.name], place)
    return x_RC, after


def joined(x_BNC: Any) -> Any:
    """[B * N, C]: back from `Place.by_source`."""
    return ops.reshape(x_BNC, (-1, x_BNC.shape[-1]))
