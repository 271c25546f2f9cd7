"""Which modality nets a model has, and how its parts are named and described."""

from __future__ import annotations

import re

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.config.nets import T2TNetsConfig
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.modalities.base import Modality


def net_class(config: ModelConfig, modality: str) -> type[Modality]:
    """The net that the config's family of nets has for a modality.

    Raises:
        UserError: no net is registered for it.
    """
    return registry.modalities.get(_net_name(config, modality))


def _net_name(config: ModelConfig, modality: str) -> str:
    family = config.nets
    if isinstance(family, T2TNetsConfig):
        labels = "t2t_class_label_2d" if family.labels_2d else "t2t_class_label_1d"
        own = {"class_label": labels}.get(modality, f"t2t_{modality}")
        return own if own in registry.modalities else modality
    return modality


def spells(config: ModelConfig, problem: ProblemSignature) -> bool:
    """Whether the problem has CTC: a second loss in training, and a voice in decoding."""
    inputs, targets = (net_class(config, one.modality) for one in (problem.inputs, problem.targets))
    return bool(config.ctc_weight and inputs.spells and targets.is_spelt)


def word_dropout(config: ModelConfig, problem: ProblemSignature) -> float:
    """The rate at which training hides targets of the problem from the decoder."""
    rate = config.sound_word_dropout
    hears = net_class(config, problem.inputs.modality).spells
    return config.word_dropout if rate is None or not hears else rate


def variable_name(identity: str) -> str:
    """The name of a layer, from the identity of what it is for."""
    return re.sub(r"[^A-Za-z0-9_.]+", "_", identity)


def spelling_to_json(spelling_VS: np.ndarray) -> list[str]:
    """A text for each piece of a vocabulary; a character is a byte."""
    return [bytes(row).rstrip(b"\0").decode("latin-1") for row in spelling_VS]


def spelling_from_json(pieces: list[str]) -> np.ndarray:
    """Inverse of `spelling_to_json`: uint8 [V, S], zeros behind."""
    rows = [np.frombuffer(piece.encode("latin-1"), np.uint8) for piece in pieces]
    spelling_VS = np.zeros((len(rows), max(1, *map(len, rows))), np.uint8)
    for to, row in zip(spelling_VS, rows, strict=True):
        to[: len(row)] = row
    return spelling_VS
