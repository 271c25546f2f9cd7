"""The part of a feature that is exported: how a SavedModel reads its values and writes them.

The methods run while a SavedModel is made. They import TensorFlow themselves, so that a feature
costs nothing else its start-up time.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from t2t_multimodel.features.lacking import lacks
from t2t_multimodel.features.signature import Signature
from t2t_multimodel.features.stored import Stored


class GraphTokenizer(Protocol):
    """A vocabulary as operations of TensorFlow."""

    def encode(self, texts_B: Any, symbols: bool = False) -> Any:
        """Texts to ids without the end, ragged int32 [B, length]."""

    def decode(self, ids_RT: Any) -> Any:
        """Ids to texts, string [R]."""


class Argument(NamedTuple):
    """An argument of an exported signature."""

    dtype: str
    """float32, int32, uint8, string."""
    shape: tuple[int | None, ...]
    """The shape of one example; None where it varies."""
    words: str
    """Tells what a caller gives, for the file that describes the signatures."""


class GraphInput(NamedTuple):
    """The inputs of a batch as the model takes them."""

    values: Any
    """[B, ...]"""
    lengths_B: Any
    """int32 [B]"""
    missing_B: Any = None
    """bool [B]: rows that hold nothing, and that get no answer; None: all hold something."""


class InGraph(Stored):
    """Reads and writes a feature inside of a graph of TensorFlow.

    By default a caller gives arrays as the model takes them, and gets values as it predicts them.
    """

    def graph_arguments(self, signature: Signature) -> dict[str, Argument]:
        """The arguments by which callers give an input; `inputs` must be among them."""
        shape = ", ".join(["B", *("L" if n is None else str(n) for n in signature.shape)])
        words = f"{signature.dtype} [{shape}], as {type(self).__name__}.model_input gives them"
        arguments = {"inputs": Argument(signature.dtype, signature.shape, words)}
        if signature.is_sequence:
            arguments["inputs_length"] = Argument("int32", (), "int32 [B], length of each row")
        return arguments

    def graph_value(self, value: Any) -> Any:
        """One input, as `encode` takes it, as the graph's argument `inputs` takes it."""
        return value

    def graph_read(
        self, arguments: dict[str, Any], tokenizer: GraphTokenizer | None, signature: Signature
    ) -> GraphInput:
        """The arguments, as tensors with a leading axis for the batch, as the model takes them."""
        import tensorflow as tf

        values = arguments["inputs"]
        if signature.is_sequence:
            return GraphInput(values, arguments["inputs_length"])
        length = self.length(np.zeros([n or 0 for n in signature.shape], signature.dtype))
        return GraphInput(values, tf.fill([tf.shape(values)[0]], length))

    def graph_write(
        self, outputs_R: Any, tokenizer: GraphTokenizer | None, signature: Signature
    ) -> Any:
        """Outputs of the model as a caller gets them, with the same leading axis.

        Args:
            outputs_R: ids [R, T], class numbers [R], or values [R, ...].

        Returns:
            For tokens and classes strings [R]; for values numbers [R, ...].
        """
        if signature.output == "values":
            return outputs_R
        raise lacks(self, "graph_write", "so that mm-export can write its values")
