"""Turns what a person writes, text or the path of a file, into arrays that the model takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.decode.lines import LONGEST, Line
from t2t_multimodel.errors import BadValue, foreign, reason
from t2t_multimodel.features import Tokenizer
from t2t_multimodel.problem import Problem


@dataclass(frozen=True)
class Item:
    """One input on its way to the model."""

    number: int
    """`number` is that of its line, or of its example in the split, from 1."""
    array: np.ndarray | None
    """None: there is nothing to decode, and the output is empty."""
    fault: str = ""
    """Why there is nothing, if that is a mistake."""
    note: str = ""
    """`note` says what was changed about it."""
    target: Any = None
    """The true output, where it is known."""


class InputEncoder:
    """Encodes lines for one problem.

    Args:
        problem: text is taken as it is written; images and sounds by the path of their file;
            anything else as its feature parses it.
        tokenizers: the vocabularies by name.

    Raises:
        UserError: the feature does not parse what people write.
    """

    def __init__(self, problem: Problem, tokenizers: dict[str, Any]) -> None:
        problem.inputs.check_parses()
        self._feature = problem.inputs
        self._tokenizer: Tokenizer | None = problem.tokenizer("inputs", tokenizers)
        self._longest = problem.signature(tokenizers).inputs.max_length

    def __call__(self, line: Line) -> Item:
        """It never raises: what can not be encoded has a `fault`, an empty line has nothing."""
        if line.fault or not line.text.strip():
            return Item(line.number, None, line.fault)
        try:
            with foreign(BadValue):
                array, cut = self.encoded(line.text)
        except BadValue as error:
            is_path = self._feature.medium != "text"
            return Item(line.number, None, f"{line.text}: " * is_path + reason(error))
        note = f"only its first {LONGEST:,} bytes are read" if line.is_cut else ""
        return Item(line.number, array, note=cut or note)

    def encoded(self, value: str | bytes) -> tuple[np.ndarray, str]:
        """A text, a path or a file's content as the model takes it, and what was changed about it.

        Raises:
            Exception: it can not be encoded; of our own features `BadValue`.
        """
        return self.encoded_value(self._feature.parse(value))

    def encoded_value(self, value: Any) -> tuple[np.ndarray, str]:
        """Does the same for a value as `Problem.examples` yields it."""
        stored = self._feature.encode(value, self._tokenizer)
        array = self._feature.model_input(stored)
        length = self._feature.length(array)
        if length <= self._longest:
            return array, ""
        unit = self._feature.unit or "values"
        most = self._longest // self._feature.per_unit
        note = f"its {length:,} {unit} are cut to {most:,}"
        if not self._feature.measures_all:
            note = f"only its first {most:,} {unit} are heard"
        return self._feature.cut(array, self._longest), note


def split_items(prepared: Prepared, split: str) -> Iterator[Item]:
    """The examples of a problem's own split, in their order."""
    problem, dataset = prepared.problem, prepared.dataset(split)
    tokenizer = problem.tokenizer("targets", dict(prepared.tokenizers))
    for number in range(len(dataset)):
        example = dataset[number]
        known = problem.targets.references(example["targets"], tokenizer)
        target = known[0] if len(known) == 1 else list(known)
        yield Item(number + 1, problem.inputs.model_input(example["inputs"]), target=target)
