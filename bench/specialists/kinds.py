"""Which specialist a problem gets, and for how many CPU seconds it is trained."""

from __future__ import annotations

from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Audio, ClassLabel, Image, Text
from t2t_multimodel.problem import Problem


def kind_of(problem: Problem) -> str:
    """The kind of specialist that learns a problem.

    Raises:
        UserError: no kind does.
    """
    inputs, targets = problem.inputs, problem.targets
    text = isinstance(targets, Text) and not targets.several
    if isinstance(inputs, Text) and text:
        return "transformer"
    if isinstance(inputs, Image) and isinstance(targets, ClassLabel):
        return "cnn"
    if isinstance(inputs, Audio) and inputs.form == "log_mel" and text:
        return "ctc"
    raise UserError(
        f"Problem '{problem.name}' has no specialist: it goes from {inputs.describe()} "
        f"to {targets.describe()}.",
        fix="There are specialists for text to text, images to classes, and log-mel sound to text.",
    )


def default_seconds(problem: Problem) -> float:
    """CPU seconds of training where --cpu_seconds says nothing."""
    kind = kind_of(problem)
    if kind == "transformer":
        return 150 if getattr(problem.targets, "grammar", None) else 300
    return {"cnn": 120, "ctc": 200}[kind]
