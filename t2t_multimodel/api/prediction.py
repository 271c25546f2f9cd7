"""What a model says about one input."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Candidate:
    """One output for an input."""

    text: str
    """The output as a line of text; for classes the name or the number of the class. A tree has
    the words of its sentence."""
    score: float | None
    """The log-probability; of beam search it is divided by the length penalty. Values have None."""
    value: Any
    """The output as Python has it: a text, a class name or number, an array of values, or the
    tokens of a tree."""


@dataclass(frozen=True)
class Prediction:
    """The outputs for one input, the best one first."""

    problem: str
    candidates: tuple[Candidate, ...]
    """As many as `nbest` asked for, at most; none for an input with an `error`."""
    note: str = ""
    """What was changed about the input, such as that it was cut."""
    error: str = ""
    """Why the input could not be read; only with `errors="keep"`."""

    @property
    def text(self) -> str:
        """The best output as text; empty if there is none."""
        return self.candidates[0].text if self.candidates else ""

    @property
    def score(self) -> float | None:
        """The score of the best output; None if there is none."""
        return self.candidates[0].score if self.candidates else None

    @property
    def value(self) -> Any:
        """The value of the best output; None if there is none."""
        return self.candidates[0].value if self.candidates else None

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """A table of the outputs, for notebooks."""
        rows = "".join(
            f"<tr><td>{html.escape(one.text)}</td><td>{_shown(one.score)}</td></tr>"
            for one in self.candidates
        )
        remarks = [html.escape(remark) for remark in (self.error, self.note) if remark]
        below = f"<p>{'; '.join(remarks)}</p>" if remarks else ""
        head = f"<tr><th>{html.escape(self.problem)}</th><th>score</th></tr>"
        return f"<table>{head}{rows}</table>{below}"


def _shown(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"
