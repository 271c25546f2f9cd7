"""A warm start with class labels whose names changed: the weights of a class go with its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem


@dataclass(frozen=True)
class Moved:
    """Classes of a problem whose names are not those of the checkpoint."""

    problem: str
    there: tuple[int | None, ...]
    """`there` has the number in the checkpoint of each class of today; None: it is new."""
    left: int
    """`left` classes are in the checkpoint alone."""
    paths: tuple[str, ...]
    """`paths` are of the variables that have an entry for each class."""

    def line(self) -> str:
        """Tells a person what came of the classes."""
        taken = len(self.there) - self.there.count(None)
        parts = (
            f"{taken} taken by name",
            f"{self.there.count(None)} new",
            f"{self.left} left there",
        )
        return f"  classes of {self.problem}: {', '.join(parts)}"

    def filled(self, here: np.ndarray, there: np.ndarray) -> np.ndarray:
        """The values of today, [..., classes], with those that the checkpoint has by name."""
        value = np.array(here)
        for number, old in enumerate(self.there):
            if old is not None:
                value[..., number] = there[..., old]
        return value


def moved(model: MultiModel, checkpoint: Checkpoint, problems: Sequence[Problem]) -> list[Moved]:
    """The problems whose classes have other names, or another order of them, than before.

    Args:
        model: the new one.
        checkpoint: whose weights it takes; it recorded the names.
        problems: of the new model. Of classes without names, there or here, none is moved.

    Raises:
        UserError: the net of such a problem does not tell which of its weights are a class's.
    """
    return list(_moved(model, checkpoint, problems))


def _moved(
    model: MultiModel, checkpoint: Checkpoint, problems: Sequence[Problem]
) -> Iterator[Moved]:
    recorded: dict[str, Any] = checkpoint.state.get("features", {})
    for problem in problems:
        old = list(recorded.get(problem.name, {}).get("targets", {}).get("names") or ())
        new = list(getattr(problem.targets, "names", ()))
        if not old or not new or old == new:
            continue
        net = model.nets[model.signature(problem.name).targets.identity]
        paths = tuple(variable.path for variable in net.by_class())
        if not paths:
            raise _refused(checkpoint, problem, old, new)
        numbers = {name: number for number, name in enumerate(old)}
        there = tuple(numbers.get(name) for name in new)
        yield Moved(problem.name, there, len(set(old) - set(new)), paths)


def _refused(checkpoint: Checkpoint, problem: Problem, old: list[str], new: list[str]) -> UserError:
    place = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    was, now = (repr(names[place]) if place < len(names) else "none" for names in (old, new))
    return UserError(
        f"The classes of problem {problem.name!r} are not those of {checkpoint.path}: "
        f"names[{place}] was {was} and is {now}, and its net has no method `by_class` that "
        "says which weights belong to a class.",
        fix=f"Set the names back in {registry.problems.where(problem.name)}, or begin without "
        "--warm_start.",
    )
