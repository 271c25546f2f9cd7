"""Examples of a problem as a person sees them, in a terminal and in a notebook."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from t2t_multimodel.errors import BadValue, foreign, reason
from t2t_multimodel.features import Feature, Shown
from t2t_multimodel.problem import Problem

_LONGEST = 300
"""Characters of a text that are shown."""


@dataclass(frozen=True, repr=False)
class Example:
    """One example, as `Problem.examples` yields it."""

    number: int
    """`number` is its place in the split, from 1."""
    inputs: Any
    """The value of the inputs: a text, an array, a path, bytes, a class."""
    targets: Any
    """The value of the targets."""
    inputs_shown: Shown
    """The inputs as a person sees them: words, and the bytes of a picture or a sound."""
    targets_shown: Shown
    """The targets as a person sees them."""

    def __repr__(self) -> str:
        return f"{self.number}: {_short(self.inputs_shown)} -> {_short(self.targets_shown)}"

    def _repr_html_(self) -> str:
        return f"<table>{self.row()}</table>"

    def row(self) -> str:
        """A row of an HTML table."""
        cells = (str(self.number), _as_html(self.inputs_shown), _as_html(self.targets_shown))
        return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


class Examples(tuple[Example, ...]):
    """Several examples; a notebook shows them as a table with pictures and players."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        head = "<tr><th></th><th>inputs</th><th>targets</th></tr>"
        return f"<table>{head}{''.join(one.row() for one in self)}</table>"


def first_examples(problem: Problem, values: Iterator[Any], n: int, split: str) -> Examples:
    """The first `n` examples of those that a problem yields for a split.

    Raises:
        UserError: what the problem yields is no dict, or lacks inputs or targets.
    """
    found = []
    for number, example in enumerate(islice(values, n), start=1):
        problem.check_keys(example, split, number)
        inputs, targets = example["inputs"], example["targets"]
        shown = _shown(problem.inputs, inputs), _shown(problem.targets, targets)
        found.append(Example(number, inputs, targets, *shown))
    return Examples(found)


def _shown(feature: Feature, value: Any) -> Shown:
    """A value as a person sees it; one that datagen would leave out says why."""
    if isinstance(value, BadValue):
        return Shown(f"(left out: {reason(value)})")
    try:
        with foreign(BadValue):
            return feature.shown_value(value)
    except BadValue as error:
        return Shown(f"(left out: {reason(error)})")


def _short(shown: Shown) -> str:
    words = shown.words
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} ..."


def _as_html(shown: Shown) -> str:
    words = html.escape(_short(shown))
    if not shown.data:
        return words
    source = f"data:{shown.type};base64,{base64.b64encode(shown.data).decode()}"
    if shown.type.startswith("audio/"):
        return f'<audio controls src="{source}"></audio><br>{words}'
    style = "min-width:64px;image-rendering:pixelated"
    return f'<img src="{source}" alt="{words}" style="{style}">'
