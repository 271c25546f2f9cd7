"""Warm start: a new model begins with the weights of another run, where they fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import keras

from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.checkpoints.classes_by_name import Moved, moved
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.shipped import folder_of

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Taken:
    """Tells what came of a warm start: paths of variables, each with its shape."""

    taken: dict[str, Shape]
    """`taken` are in both models, in one shape, or class by class."""
    new: dict[str, Shape]
    """`new` are in the new model alone."""
    left: dict[str, Shape]
    """`left` are in the other run alone."""
    misfits: dict[str, tuple[Shape, Shape]]
    """`misfits` are in both, in two shapes (there, here); they begin afresh."""

    def lines(self) -> list[str]:
        """Tells a person the parts of the model, with the number of their variables."""
        return [
            f"  {title}: {_counted(paths)}"
            for title, paths in (
                ("taken", self.taken),
                ("new", self.new),
                ("of another shape, so new", self.misfits),
                ("left there", self.left),
            )
            if paths or title == "new"
        ]


def source(path: str) -> Checkpoint | None:
    """The checkpoint that `train.warm_start` names: a run's newest, or that one; None for "".

    Raises:
        UserError: it is not there, or damaged.
    """
    if not path:
        return None
    return open_checkpoint(folder_of(path, "train.warm_start="))


def begin(model: MultiModel, checkpoint: Checkpoint, prepared: dict[str, Prepared]) -> None:
    """Takes what fits, and says what that is.

    Args:
        model: the new one; all its variables exist.
        checkpoint: of the other run.
        prepared: the problems of the new run, made with the vocabularies of the checkpoint.

    Raises:
        UserError: nothing fits, or classes have other names and their weights are not known.
    """
    changed = moved(model, checkpoint, [one.problem for one in prepared.values()])
    taken = take(model, checkpoint.model(), changed)
    used = {name for one in prepared.values() for name in one.tokenizers}
    vocabularies = ", ".join(sorted(used & checkpoint.tokenizers().keys())) or "none"
    classes = (one.line() for one in changed)
    lines = [f"Weights of {checkpoint.path}:", *taken.lines(), *classes]
    print("\n".join([*lines, f"  vocabularies taken: {vocabularies}"]))


def take(model: MultiModel, other: MultiModel, changed: Sequence[Moved] = ()) -> Taken:
    """Gives each variable of a model the value of the other's with the same path and shape.

    Args:
        model: takes the values.
        other: gives them.
        changed: classes with other names; their variables are filled class by class.

    Raises:
        UserError: nothing fits.
    """
    there = {variable.path: variable for variable in other.variables}
    here = {variable.path: variable for variable in model.variables}
    both = [path for path in here if path in there]
    by_name = {path: one for one in changed for path in one.paths if path in there}
    fitting = [path for path in both if _fits(here[path], there[path], path in by_name)]
    if not fitting:
        raise UserError(
            f"None of the weights fits this model.{_why(here, there, both)}",
            fix="Take the model settings of the run they come from; mm-report RUN shows them.",
        )
    for path in fitting:
        value = value_of(there[path])
        if path in by_name:
            value = by_name[path].filled(value_of(here[path]), value)
        here[path].assign(value)
    shapes = {path: tuple(variable.shape) for path, variable in here.items()}
    old = {path: tuple(variable.shape) for path, variable in there.items()}
    return Taken(
        taken={path: shapes[path] for path in fitting},
        new={path: shape for path, shape in shapes.items() if path not in there},
        left={path: shape for path, shape in old.items() if path not in here},
        misfits={path: (old[path], shapes[path]) for path in both if path not in fitting},
    )


def _fits(here: keras.Variable, there: keras.Variable, by_name: bool) -> bool:
    """Whether shapes are equal; classes that are taken by name may be more or fewer."""
    shapes = tuple(here.shape), tuple(there.shape)
    return shapes[0][:-1] == shapes[1][:-1] if by_name else shapes[0] == shapes[1]


def _why(here: dict, there: dict, both: list[str]) -> str:
    if not both:
        return ""
    path = both[0]
    return (
        f" {path}, for one, is {list(there[path].shape)} there and {list(here[path].shape)} here."
    )


def part_of(path: str) -> str:
    """The part of the model that a variable lies in: the second name of its path."""
    return path.split("/")[1]


def _counted(paths: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for path in paths:
        counts[part_of(path)] = counts.get(part_of(path), 0) + 1
    return ", ".join(f"{part} ({count})" for part, count in counts.items()) or "nothing"
