"""Parts of a model that learn at a pace of their own, or not at all."""

from __future__ import annotations

from t2t_multimodel.config import Config
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.layers.base import Block
from t2t_multimodel.multimodel import MultiModel


def parts_of(model: MultiModel) -> dict[str, Block]:
    """Name -> layer of the parts that `optimizer.rate_factors` may name.

    They are the body, each modality net, command token and CTC layer; a variable's path holds the
    name of its part.
    """
    return {layer.name: layer for layer in model.parts}


def parts_for(model: MultiModel, problem: ProblemSignature) -> list[str]:
    """The parts that a problem runs through."""
    nets = [model.nets[signature.identity] for signature in (problem.inputs, problem.targets)]
    layers: list[Block] = [model.body, *nets]
    command = model.commands[problem.command]
    if command.routes or not nets[1].reads_encoder:
        layers.append(command)
    return list(dict.fromkeys(layer.name for layer in layers))


def freeze(model: MultiModel, config: Config) -> None:
    """Makes the parts whose factor is 0 untrainable: before there is an engine for the model.

    No gradient, decay, running mean, or balancing bias of a router then moves them.

    Raises:
        UserError: a factor is of no part, or a trained problem has no part left that learns.
    """
    parts, factors = parts_of(model), config.rate_factors
    for part, factor in factors.items():
        if part not in parts:
            raise unknown("part of this model", part, list(parts))
        parts[part].trainable = factor > 0
    for name in config.trained:
        own = parts_for(model, model.signature(name))
        if all(factors.get(part, 1.0) == 0 for part in own):
            raise UserError(
                f"Nothing is left to train for {name}: {', '.join(own)} are all frozen.",
                fix="Leave one of them out of optimizer.rate_factors, or give it more than 0 "
                "(mm-add-task: --body=slow).",
            )
