"""The contract of a modality spec: `Feature`, whose subclasses are Text, Image, Audio and yours."""

from __future__ import annotations

from t2t_multimodel.features.checking import ForChecking
from t2t_multimodel.features.comparing import ForComparing
from t2t_multimodel.features.graph import InGraph
from t2t_multimodel.features.people import ForPeople
from t2t_multimodel.features.signature import ProblemSignature, Signature
from t2t_multimodel.features.stored import (
    EOS_ID,
    PAD_ID,
    SHOWN_WHEN_SET,
    BadValue,
    Tokenizer,
    Unit,
)

__all__ = [
    "EOS_ID",
    "PAD_ID",
    "SHOWN_WHEN_SET",
    "BadValue",
    "Feature",
    "ProblemSignature",
    "Signature",
    "Tokenizer",
    "Unit",
]


class Feature(ForPeople, ForComparing, ForChecking, InGraph):
    """A modality spec. Subclasses are frozen dataclasses whose fields are the options.

    Its contract has five parts. `Stored` is asked by the data pipeline; a subclass sets `dtype`
    and defines `signature`, `encode`, `decode` and `length`. The other four parts have defaults:
    `ForPeople` is asked by mm-decode, mm-serve and reports, `ForComparing` by metrics and
    baselines, `ForChecking` by mm-problems check, and `InGraph` by mm-export.
    """
