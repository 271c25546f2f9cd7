"""The base of all our layers: every size is known at construction, so all weights are too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras


class Block(keras.layers.Layer):
    """A layer that is complete once it is built, with no need of an input.

    Subclasses make their sub-layers in `__init__`, each with a name of its own, and their own
    weights in `make_weights`. `build` then makes all weights down the tree, so that variable
    paths read `multimodel/body/encoder/block1/step2/conv/pointwise` and do not depend on what was
    built before.
    """

    def make_weights(self) -> None:
        """Adds the weights that are this layer's own."""

    def build(self, input_shape: Any = None) -> None:
        """Makes all weights of this layer and of its sub-layers."""
        self.make_weights()
        for layer in sublayers(self):
            layer.build(None)


def sublayers(layer: keras.layers.Layer, *, all_levels: bool = False) -> list[keras.layers.Layer]:
    """The layers that a layer holds, in the order in which they were assigned.

    Keras offers them publicly for models alone; `setup.cfg` bounds its version.

    Args:
        layer: a layer or a model.
        all_levels: adds the layers within these layers too, each before what it holds.
    """
    return list(layer._flatten_layers(include_self=False, recursive=all_levels))


@contextlib.contextmanager
def computes_in(policy: str) -> Iterator[None]:
    """Layers made inside compute in `policy`; "float32" leaves Keras's own setting."""
    before = keras.config.dtype_policy()
    if policy != "float32":
        keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
