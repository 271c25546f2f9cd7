"""Greedy output: the best class, or the best next token until the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from t2t_multimodel.features import EOS_ID, PAD_ID
from t2t_multimodel.multimodel import MultiModel


def greedy_function(model: MultiModel, problem: str) -> Callable[[dict[str, Any]], Any]:
    """A function of one problem's batch, to be compiled.

    It returns class numbers ranked best first, int [B, classes], or token ids, int [B, T],
    that end with the end token and are zero after it; T is the targets' longest length.
    """
    signature = model.signature(problem).targets
    if signature.modality == "class_label":
        return lambda batch: ops.flip(
            ops.argsort(model(batch, problem=problem, training=False)["logits"][:, 0]), axis=-1
        )
    return lambda batch: _decode_text(model, problem, batch, signature.max_length)


def _decode_text(model: MultiModel, problem: str, batch: dict[str, Any], longest: int) -> Any:
    """Recomputes the prefix for each token: the reference that faster forms must equal."""
    encoded = model.encode(batch, problem)
    rows = ops.shape(batch["inputs"])[0]

    def unfinished(position: Any, ids_BT: Any, done_B: Any) -> Any:
        return ops.logical_and(position < longest, ops.logical_not(ops.all(done_B)))

    def step(position: Any, ids_BT: Any, done_B: Any) -> tuple[Any, Any, Any]:
        length_B = ops.full((rows,), longest, "int32")
        h_BTD = model.decode(encoded, ids_BT, length_B, problem)
        here = ops.one_hot(position, longest, dtype=h_BTD.dtype)
        h_B1D = ops.sum(h_BTD * here[None, :, None], axis=1, keepdims=True)
        best_B = ops.cast(ops.argmax(model.logits(h_B1D, problem)[:, 0], axis=-1), "int32")
        best_B = ops.where(done_B, PAD_ID, best_B)
        here_T = ops.cast(ops.arange(longest) == position, "int32")
        ids_BT = ids_BT + best_B[:, None] * here_T[None]
        return position + 1, ids_BT, ops.logical_or(done_B, best_B == EOS_ID)

    start = (
        ops.convert_to_tensor(0, "int32"),
        ops.zeros((rows, longest), "int32"),
        ops.zeros((rows,), "bool"),
    )
    return ops.while_loop(unfinished, step, start)[1]
