"""The features that a model was trained with, compared with those that the code declares today.

A checkpoint is used with the problem classes as they are now. Where a class has changed meanwhile,
outputs would be told by other names or inputs be read in another way, so that is refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from t2t_multimodel import registry
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Feature
from t2t_multimodel.problem import Problem

if TYPE_CHECKING:
    from t2t_multimodel.checkpoints.checkpoint import Checkpoint

_LIMITS = ("max_length", "max_seconds")
"""These say which examples are taken; what the model makes of one does not depend on them."""
_SHAPE = ("modality", "identity", "size", "shape", "dtype")
"""The model is built from these parts of a signature."""
_WHOLE = 8
"""Lists up to this length are shown whole, of longer ones the first entry that differs."""


def described(problem: Problem) -> dict[str, dict[str, Any]]:
    """`inputs` and `targets` as JSON-able values, for the record of a checkpoint."""
    return {name: _described(feature) for name, feature in problem.features.items()}


def check_features(checkpoint: Checkpoint, names: Sequence[str]) -> None:
    """Compares problems as they are declared now with what the checkpoint recorded.

    Raises:
        UserError: a feature differs; both values are named.
    """
    recorded = checkpoint.state.get("features", {})
    for name in names:
        problem: Problem = registry.problems.get(name)()
        changes = list(_changes(recorded.get(name, {}), described(problem)))
        if not changes:
            changes = list(_misfits(checkpoint, problem))
        if changes:
            where = registry.problems.where(name)
            raise UserError(
                f"Problem {name!r} is not what {checkpoint.path} was trained on: "
                f"{'; '.join(changes)}.",
                fix=f"Set it back in {where}, or train anew in another --output_dir.",
            )


def _described(feature: Feature) -> dict[str, Any]:
    values = {
        field.name: _plain(getattr(feature, field.name))
        for field in dataclasses.fields(feature)  # type: ignore[arg-type]
        if field.repr
    }
    return {"kind": type(feature).__name__, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _changes(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Each option that both know and that differs, in words."""
    for name in now:
        old, new = then.get(name, {}), now[name]
        for option in old.keys() & new.keys() if old.get("kind") == new["kind"] else ("kind",):
            if option in old and option not in _LIMITS and old[option] != new[option]:
                path = name if option == "kind" else f"{name}.{option}"
                yield _told(path, old[option], new[option])


def _told(path: str, old: Any, new: Any) -> str:
    lists = isinstance(old, list) and isinstance(new, list)
    if lists and len(old) == len(new) > _WHOLE:
        place = next(i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
        return _told(f"{path}[{place}]", old[place], new[place])
    if lists and max(len(old), len(new)) > _WHOLE:
        return f"{path} had {len(old)} entries and has {len(new)}"
    return f"{path} was {_shown(old)} and is {_shown(new)}"


def _shown(value: Any) -> str:
    return f"({', '.join(map(repr, value))})" if isinstance(value, list) else repr(value)


def _misfits(checkpoint: Checkpoint, problem: Problem) -> Iterator[str]:
    """Tells which parts of the model's signature do not fit, where no list of options shows it."""
    listed = checkpoint.architecture().get("problems", [])
    then = next((one for one in listed if one["name"] == problem.name), None)
    tokenizers = checkpoint.tokenizers()
    lacking = [name for name in problem.vocabularies() if name not in tokenizers]
    if lacking:
        yield f"its vocabulary {', '.join(lacking)} is not among those of the checkpoint"
    elif then is not None:
        now = problem.signature(dict(tokenizers)).to_dict()
        for name in problem.features:
            for part in _SHAPE:
                old, new = _listed(then[name][part]), _listed(now[name][part])
                if old != new:
                    yield _told(f"{name}.{part}", old, new)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
