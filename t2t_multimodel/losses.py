"""Computes what a model is trained for: the targets' loss, the routers' losses, CTC for speech.

    loss = sum over targets of their loss / number of targets    cross entropy, or error of values
           + losses of the routers
           + ctc_weight * CTC of the encoder's output            in training, from audio to text

Legend: B batch, T target positions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from t2t_multimodel import nets
from t2t_multimodel.errors import UserError
from t2t_multimodel.layers.base_body import Routings, aux_loss
from t2t_multimodel.layers.ctc import CtcScores, spelt
from t2t_multimodel.layers.loss import Scores
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.multimodel import Batch, Encoded, MultiModel
from t2t_multimodel.types import Tensor


class TargetScores(NamedTuple):
    """Tells how well a model predicts each target of a batch."""

    scores: Scores
    """[B, T] each."""
    weights_BT: Tensor
    """1 at real targets, else 0."""
    routing: Routings


class ProblemLoss(NamedTuple):
    """The training loss of one batch, and what the model showed on the way."""

    loss: Tensor
    metrics: dict[str, Any]
    """Numbers for people: xent (unsmoothed, nats a target) and accuracy (of targets), or for
    values their loss, see `ValueScores.measures`; tokens (targets counted), aux_loss; for each
    layer of experts share_<layer> [E], entropy_<layer> and max_violation_<layer>, see `Routing`;
    ctc and ctc_fits, see `CtcScores`."""
    loads: dict[str, Any]
    """Path of a router's balancing bias -> tokens that each expert got, see `Routing`."""


def score(
    model: MultiModel,
    batch: Batch,
    problem: str,
    training: bool = False,
    seed: StepSeed | None = None,
    label_smoothing: float = 0.0,
) -> TargetScores:
    """Scores each target of a batch, given those before it."""
    encoded = model.encode(batch, problem, training, seed)
    read = model.read(encoded, batch, problem, training, seed)
    return _scored(model, read, batch, problem, label_smoothing)


def problem_loss(
    model: MultiModel,
    batch: Batch,
    problem: str,
    training: bool = False,
    seed: StepSeed | None = None,
    label_smoothing: float = 0.0,
) -> ProblemLoss:
    """The loss of one batch.

    Raises:
        UserError: CTC is on, and the model does not know how the targets are spelt.
    """
    encoded = model.encode(batch, problem, training, seed)
    read = model.read(encoded, batch, problem, training, seed)
    scores, weights_BT, routing = _scored(model, read, batch, problem, label_smoothing)
    tokens = ops.sum(weights_BT)
    denominator = ops.maximum(tokens, 1.0)
    of_routers = aux_loss(routing)
    metrics = {
        name: ops.sum(values_BT * weights_BT) / denominator
        for name, values_BT in scores.measures.items()
    }
    metrics |= {"tokens": tokens, "aux_loss": of_routers}
    for layer, one in routing.items():
        metrics[f"share_{layer}"] = one.share_E
        metrics[f"entropy_{layer}"] = one.entropy
        metrics[f"max_violation_{layer}"] = one.max_violation
    loss = ops.sum(scores.loss * weights_BT) / denominator + of_routers
    if training and nets.spells(model.config, model.signature(problem)):
        ctc = ctc_scores(model, encoded, batch, problem)
        metrics |= {"ctc": ctc.nats, "ctc_fits": ctc.fits}
        loss += model.config.ctc_weight * ctc.nats
    loads = {path: load for one in routing.values() for path, load in one.loads.items()}
    return ProblemLoss(loss, metrics, loads)


def _scored(
    model: MultiModel, read: Encoded, batch: Batch, problem: str, label_smoothing: float
) -> TargetScores:
    labels_BT = batch["targets"]
    if not model.signature(problem).targets.is_sequence:
        labels_BT = labels_BT[:, None]
    scores = model.targets_net(problem).score(
        read.x_BLD, read.mask_BL, read.grid, labels_BT, label_smoothing
    )
    weights_BT = length_mask(batch["targets_length"], ops.shape(labels_BT)[1])
    return TargetScores(scores, weights_BT, read.routing)


def ctc_scores(model: MultiModel, encoded: Encoded, batch: Batch, problem: str) -> CtcScores:
    """Measures how well the encoder's output spells the targets."""
    signature = model.signature(problem)
    text = signature.targets.identity
    if text not in model.spellings:
        raise UserError(
            f"ctc_weight needs to know how '{text}' is spelt.",
            fix=f"MultiModel(config, problems, {{'{text}': tokenizer.spelling()}}), or "
            "model.ctc_weight=0",
        )
    mask_BT = length_mask(batch["targets_length"], ops.shape(batch["targets"])[1])
    bytes_BU = spelt(batch["targets"], mask_BT, model.spellings[text])
    layer = model.ctc[signature.inputs.identity]
    return layer(encoded.x_BLD, encoded.mask_BL, bytes_BU, bands=encoded.grid[1])
