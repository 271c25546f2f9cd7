"""The kinds of specialist and their settings."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from t2t_multimodel.errors import UserError, unknown


@dataclass(frozen=True)
class Transformer:
    """A pre-norm Transformer over sub-words, with one table for embedding and softmax."""

    width: int = 128
    """Channels."""
    layers: int = 2
    """Layers of the encoder, and as many of the decoder."""
    heads: int = 4
    """Attention heads; they divide `width`."""
    hidden: int = 512
    """Channels inside of a feed-forward layer."""
    tokens: int = 1024
    """Positions of a batch, padding included, on the longer side."""
    dropout: float = 0.1
    """Part of each branch's and embedding's values that training sets to 0."""
    smoothing: float = 0.1
    """Share of a target's probability that the loss spreads over all sub-words."""
    rate: float = 2e-3
    """Peak learning rate of Adam."""
    warmup: float = 0.08
    """Part of the budget in which the rate grows; it falls to 0 in the rest."""


@dataclass(frozen=True)
class Cnn:
    """Three stages of two 3x3 convolutions with batch norm, a global mean and a softmax."""

    width: int = 32
    """Channels of the first stage; each further stage has twice as many."""
    rows: int = 64
    """Images of a batch."""
    dropout: float = 0.3
    """Part of the pooled values that training sets to 0."""
    smoothing: float = 0.1
    """Share of a label's probability that the loss spreads over all classes."""
    decay: float = 0.05
    """Decoupled weight decay of AdamW."""
    rate: float = 3e-3
    """Peak learning rate of AdamW."""
    warmup: float = 0.1
    """Part of the budget in which the rate grows; it falls to 0 in the rest."""


@dataclass(frozen=True)
class Ctc:
    """Two strided convolutions and a bidirectional LSTM, with CTC over characters."""

    channels: int = 160
    """Channels of the convolutions, which make one step of four frames."""
    width: int = 128
    """Channels of the LSTM in each direction."""
    layers: int = 2
    """Layers of the LSTM."""
    frames: int = 4096
    """Frames of a batch, padding included."""
    dropout: float = 0.2
    """Part of the values between layers that training sets to 0."""
    mask: float = 0.15
    """Two bands and two stretches of time, each up to this part, are hidden in training."""
    rate: float = 3e-3
    """Peak learning rate of Adam."""
    warmup: float = 0.05
    """Part of the budget in which the rate grows; it falls to 0 in the rest."""


Settings = Transformer | Cnn | Ctc
KINDS: dict[str, type[Settings]] = {"transformer": Transformer, "cnn": Cnn, "ctc": Ctc}
"""The name of each kind of specialist, and the class of its settings."""


def read_settings(text: str) -> dict[str, Settings]:
    """The settings of each kind, with those of `KIND.FIELD=VALUE,...` changed.

    Raises:
        UserError: a name is unknown or a value is no number of its type.
    """
    changes: dict[str, dict[str, Any]] = {name: {} for name in KINDS}
    for item in filter(None, text.split(",")):
        path, _, value = item.partition("=")
        kind, _, field = path.partition(".")
        if kind not in KINDS:
            raise unknown("kind of specialist", kind, list(KINDS))
        types = {one.name: one.type for one in dataclasses.fields(KINDS[kind])}
        if field not in types:
            raise unknown(f"setting of {kind}", field, list(types))
        try:
            changes[kind][field] = int(value) if types[field] == "int" else float(value)
        except ValueError:
            wanted = "a whole number" if types[field] == "int" else "a number"
            raise UserError(f"--settings={item}: expected {wanted}.") from None
    return {name: made(**changes[name]) for name, made in KINDS.items()}
