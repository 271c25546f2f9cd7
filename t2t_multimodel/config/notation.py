"""The short notation of settings: one grammar for every value that a person types or reads.

    true  12  1e-3  full  none      a value in the type of its field
    3+3+15+15                       a tuple
    octet_ende:2                    a section: its fields in order; the last ones may be left out
    octet_ende:2+octet_image:0.5    a tuple of sections
    0:1:0+100:1:1                   a section whose last field is a tuple, which takes the rest
    cosine  cosine:400:0.05         one of several kinds, and perhaps its first fields

It is read at the command line and in gin files only: configs and their files hold typed values.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any, Literal

from t2t_multimodel.config.base import Section, field_types, form, is_section, is_union, kinds_of
from t2t_multimodel.config.distribution import (
    DistributionConfig,
    MeshConfig,
    MirroredConfig,
    MultiWorkerConfig,
)
from t2t_multimodel.config.root import ProblemRate
from t2t_multimodel.errors import UserError, unknown


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A kind, and those of its fields that were given."""

    kind: str
    fields: dict[str, Any]


def read(text: str, annotation: Any) -> Any:
    """A value of the annotated type out of text; a `Chosen` where there are several kinds.

    Raises:
        ValueError: the text does not name such a value.
        UserError: it names a section whose values are out of range.
    """
    text, origin, arguments = (
        text.strip(),
        typing.get_origin(annotation),
        typing.get_args(annotation),
    )
    if annotation is bool:
        return _one_of(text.lower(), {"true": True, "1": True, "false": False, "0": False})
    if annotation in (int, float, str):
        return annotation(text)
    if origin is Literal:
        return _one_of(text, {str(choice): choice for choice in arguments})
    if origin is tuple:
        return _read_tuple(text, arguments)
    if kinds := kinds_of(annotation):
        kind, colon, rest = text.partition(":")
        section = _one_of(kind, kinds)
        return Chosen(kind, _read_fields(rest.split(":"), section) if colon else {})
    if is_union(annotation):
        return _read_union(text, arguments)
    if is_section(annotation):
        return _made(annotation, _read_fields(text.split(":"), annotation))
    raise ValueError(text)


def _one_of(text: str, choices: dict[str, Any]) -> Any:
    if text not in choices:
        raise ValueError(text)
    return choices[text]


def _read_tuple(text: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = [part for part in text.strip("()[] ").replace(",", "+").split("+") if part.strip()]
    return _read_parts(parts, arguments)


def _read_parts(parts: Sequence[str], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    annotations = [arguments[0]] * len(parts) if arguments[-1] is Ellipsis else arguments
    if len(parts) != len(annotations):
        raise ValueError("+".join(parts))
    return tuple(map(read, parts, annotations))


def _read_union(text: str, choices: tuple[Any, ...]) -> Any:
    if type(None) in choices and text.lower() == "none":
        return None
    for choice in choices:
        if choice is not type(None):
            try:
                return read(text, choice)
            except ValueError:
                continue
    raise ValueError(text)


def _read_fields(parts: Sequence[str], section: type[Section]) -> dict[str, Any]:
    """The first fields of a section; a tuple at the end of them takes all that is left."""
    known = field_types(section)
    values: dict[str, Any] = {}
    for place, (name, annotation) in enumerate(known.items()):
        if place >= len(parts):
            break
        if place == len(known) - 1 and typing.get_origin(annotation) is tuple:
            return values | {name: _read_parts(parts[place:], typing.get_args(annotation))}
        values[name] = read(parts[place], annotation)
    if len(parts) > len(known):
        raise ValueError(":".join(parts))
    return values


def _made(section: type[Section], values: dict[str, Any]) -> Section:
    needed = {
        field.name for field in dataclasses.fields(section) if field.default is dataclasses.MISSING
    }
    if not needed <= values.keys():
        raise ValueError(f"{section.__name__} needs {', '.join(sorted(needed))}")
    return section(**values)


def is_written(annotation: Any) -> bool:
    """Whether a value of this type has no other form than the short notation: it holds sections."""
    holds = typing.get_args(annotation) if typing.get_origin(annotation) is tuple else ()
    return bool(kinds_of(annotation)) or any(map(is_section, holds))


def rates(*entries: str) -> tuple[ProblemRate, ...]:
    """The problems of a set, rates("octet_image:0.5", "octet_ende")."""
    return tuple(read_entry(entry, ProblemRate, "problems") for entry in entries)


def read_entry(text: str, section: type[Any], flag: str) -> Any:
    """One section out of the text of a flag.

    Raises:
        UserError: the text is not of the section's form, or its values are out of range.
    """
    try:
        return read(text, section)
    except ValueError:
        raise UserError(f"{flag}: {text!r} is not of the form {form(section)}.") from None


_DEVICES = (
    "TensorFlow: --distribution=mirrored:2 (devices of one host) or multi_worker (processes); "
    "JAX: --distribution=data:2,experts:2. docs/devices.md explains them."
)


def read_distribution(text: str) -> DistributionConfig:
    """The devices that --distribution names: "mirrored", "mirrored:2" or "data:2,experts:2".

    Raises:
        UserError: an unknown name, no such number, or names that do not go together.
    """
    numbers: dict[str, str | None] = {}
    axes = list(field_types(MeshConfig))
    for entry in text.split(","):
        name, colon, number = (part.strip() for part in entry.partition(":"))
        if name not in ("mirrored", "multi_worker", *axes):
            raise unknown("distribution", name, ["mirrored", "multi_worker", *axes])
        if name in numbers:
            raise UserError(f"--distribution names {name} twice.", fix=_DEVICES)
        numbers[name] = number if colon else None
    if len(numbers) > 1 and not numbers.keys() <= set(axes):
        named = " and ".join(numbers)
        raise UserError(f"--distribution: {named} do not go together.", fix=_DEVICES)
    if "multi_worker" in numbers:
        if numbers["multi_worker"] is not None:
            raise UserError(
                "--distribution: multi_worker takes no number; the cluster says how many.",
                fix=_DEVICES,
            )
        return MultiWorkerConfig()
    if "mirrored" in numbers:
        given = numbers["mirrored"]
        return MirroredConfig(devices=0 if given is None else _devices("mirrored", given))
    return MeshConfig(**{name: _devices(name, axis or "") for name, axis in numbers.items()})


def _devices(name: str, number: str) -> int:
    if not number.isdecimal() or int(number) < 1:
        raise UserError(
            f"--distribution: {name} needs a number of devices above 0, but has {number!r}.",
            fix=_DEVICES,
        )
    return int(number)
