"""Samples: a few decoded examples with their inputs, in a form that needs no data to be shown."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.evaluate.result import Output
from t2t_multimodel.features.people import TEXT

SAMPLES = 4
"""Samples of each problem that a run keeps."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """One example, as a person reads it."""

    number: int
    """`number` is the number of the example in its split."""
    type: str
    """`type` is the media type of the input: text/plain, image/png or audio/wav."""
    data: str
    """The input in base64; empty for text."""
    words: str
    """The text, or what kind of picture or sound there is."""
    target: str
    output: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)


def samples_of(outputs: Sequence[Output], prepared: Prepared, split: str) -> list[Sample]:
    """Makes samples of up to `SAMPLES` outputs, evenly spaced.

    Args:
        outputs: decoded examples of one problem.
        prepared: the problem with its records.
        split: that the examples are of.
    """
    dataset, problem = prepared.dataset(split), prepared.problem
    tokenizer, targets_tokenizer = (
        problem.tokenizer(name, dict(prepared.tokenizers)) for name in ("inputs", "targets")
    )
    places = np.linspace(0, len(outputs) - 1, min(SAMPLES, len(outputs))).astype(int)
    samples = []
    for one in (outputs[place] for place in places):
        example = dataset[one.number]
        words, type, data = problem.inputs.shown(example["inputs"], tokenizer)
        target = problem.targets.words(example["targets"], targets_tokenizer)
        output = problem.targets.output_words(one.output)
        if type == TEXT:
            target, output = (problem.targets.beside(one, words) for one in (target, output))
        encoded = base64.b64encode(data).decode()
        samples.append(Sample(one.number, type, encoded, words, target, output))
    return samples
