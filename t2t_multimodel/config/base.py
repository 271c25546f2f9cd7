"""What every config section shares: type checks at construction, JSON in and out, kinds."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeVar

from t2t_multimodel.errors import UserError, unknown

S = TypeVar("S", bound="Section")
KIND = "kind"
"""The key of a section's kind in its dictionary."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A frozen group of hparams that checks itself.

    Subclasses are frozen, keyword-only dataclasses with plain field types: bool, int, float,
    str, Literal, other sections, tuples of all those, and unions with None. `check` holds the
    ranges; it runs after the types were found right.

    A field whose type is a union of sections, `body: PaperBodyConfig | T2TV1BodyConfig`, holds one
    section out of several kinds. Each of them owns only the fields that have an effect when it is
    the one chosen, so that no other can be set.
    """

    kind: ClassVar[str] = ""
    """The user's name for this section where it is one of several kinds; else empty."""

    def __post_init__(self) -> None:
        for name, annotation in field_types(type(self)).items():
            value = _coerce(getattr(self, name), annotation)
            if not _matches(value, annotation):
                raise UserError(
                    f"{type(self).__name__}.{name} must be {describe(annotation)}, "
                    f"but is {shown(value)}."
                )
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        """Raises `UserError` for a value out of range."""

    def require(self, holds: bool, field: str, rule: str) -> None:
        """Raises `UserError` naming the field, the rule and the value unless `holds`."""
        if not holds:
            value = shown(getattr(self, field))
            raise UserError(f"{type(self).__name__}.{field} must be {rule}, but is {value}.")

    def replace(self: S, **changes: Any) -> S:
        """A copy with some fields changed; an unknown field name is an error that suggests one."""
        for name in changes:
            check_field(type(self), name)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values, sections nested; a kind is stored under `kind`."""
        values = {name: _plain(getattr(self, name)) for name in field_types(type(self))}
        return {KIND: self.kind, **values} if self.kind else values

    @classmethod
    def from_dict(cls: type[S], values: dict[str, Any]) -> S:
        """Inverse of `to_dict`. Fields that are missing take their defaults."""
        known = field_types(cls)
        given = {name: value for name, value in values.items() if name != KIND or not cls.kind}
        for name in given:
            check_field(cls, name)
        return cls(**{name: _restored(value, known[name]) for name, value in given.items()})


def of_kind(section: Section, wanted: type[S]) -> S:
    """The section, which code that is made for one kind alone knows to be of that kind."""
    assert isinstance(section, wanted), f"{wanted.__name__} is wanted, not {section!r}"
    return section


def field_types(section: Any) -> dict[str, Any]:
    """Field name -> resolved annotation, in order of declaration."""
    return _field_types(section)


@functools.cache
def _field_types(section: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(section)
    return {field.name: hints[field.name] for field in dataclasses.fields(section)}


@functools.cache
def kinds_of(annotation: Any) -> dict[str, type[Section]]:
    """Kind -> section class of a field that holds one of several; empty for any other field."""
    members = typing.get_args(annotation) if is_union(annotation) else ()
    sections = [one for one in members if is_section(one)]
    return {one.kind: one for one in sections}


def kind_named(kind: str, annotation: Any, field: str) -> type[Section]:
    """The class of a kind. Raises `UserError` with the nearest names if there is no such kind."""
    kinds = kinds_of(annotation)
    if kind not in kinds:
        raise unknown(f"kind of {field}", kind, list(kinds))
    return kinds[kind]


def is_section(annotation: Any) -> bool:
    """Whether a type is a section class."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def check_field(section: type[Section], name: str) -> None:
    """Raises `UserError` with the nearest names unless the section has such a field."""
    known = field_types(section)
    if name not in known:
        raise unknown("field of " + section.__name__, name, list(known), "")


def describe(annotation: Any) -> str:
    """The annotation in words: 'an int', 'one of paper, t2t_v1'."""
    words = {int: "an int", float: "a number", bool: "true or false", str: "a string"}
    if annotation in words:
        return words[annotation]
    if annotation is type(None):
        return "none"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if kinds := kinds_of(annotation):
        return "one of " + ", ".join(kinds)
    if is_union(annotation):
        return " or ".join(describe(a) for a in arguments)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            each = form(arguments[0]) if is_section(arguments[0]) else describe(arguments[0])
            return f"a tuple, each {each}"
        return f"a tuple of {len(arguments)}"
    return f"a {getattr(annotation, '__name__', annotation)}"


def shown(value: Any) -> str:
    """A value as messages and tables show it: as Python does, sections as they are written."""
    holds = value if isinstance(value, tuple) else (value,)
    sections = any(isinstance(one, Section) for one in holds)
    return written(value) if sections else repr(value)


def written(value: Any) -> str:
    """The value as it is written in the short notation, see `notation.read`."""
    if isinstance(value, tuple):
        return "+".join(map(written, value))
    if isinstance(value, Section):
        parts = [value.kind] if value.kind else []
        for name in field_types(type(value)):
            field = getattr(value, name)
            parts += map(written, field) if isinstance(field, tuple) else [written(field)]
        return ":".join(parts)
    if isinstance(value, float):  # without the + that separates the parts of a tuple
        return (
            str(int(value))
            if value.is_integer() and abs(value) < 1e15
            else repr(value).replace("e+", "e")
        )
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def form(annotation: Any) -> str:
    """Returns the short notation of a section: `problem:unit:number`, `name[:rate]`."""
    fields = {field.name: field for field in dataclasses.fields(annotation)}
    parts = [
        name if fields[name].default is dataclasses.MISSING else f"[:{name}]" for name in fields
    ]
    return ":".join(parts).replace(":[", "[")


def is_union(annotation: Any) -> bool:
    """Whether a type is one of several."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return value.to_dict()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _restored(value: Any, annotation: Any) -> Any:
    """The inverse of `_plain`; what cannot be one is left as it is, and refused by its section."""
    if isinstance(value, dict):
        if kinds_of(annotation):
            kind = str(value.get(KIND, ""))
            return kind_named(kind, annotation, describe(annotation)).from_dict(value)
        return annotation.from_dict(value) if is_section(annotation) else value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_restored, value, _elements(annotation, len(value))))
    return value


def _elements(annotation: Any, length: int) -> list[Any]:
    """The annotation of each element of a tuple with so many of them; Any where there is none."""
    arguments = typing.get_args(annotation) if typing.get_origin(annotation) is tuple else ()
    if arguments and arguments[-1] is Ellipsis:
        return [arguments[0]] * length
    return list(arguments) if len(arguments) == length else [Any] * length


def _coerce(value: Any, annotation: Any) -> Any:
    """Ints where floats are meant, lists (from JSON and gin) where tuples are meant."""
    kinds = (annotation, *typing.get_args(annotation))
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and float in kinds and int not in kinds:
        return float(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(_coerce, value, _elements(annotation, len(value))))
    return value


def _matches(value: Any, annotation: Any) -> bool:
    if annotation is Any:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return value in arguments
    if is_union(annotation):
        return any(_matches(value, a) for a in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if arguments[-1] is Ellipsis:
            return all(_matches(v, arguments[0]) for v in value)
        return len(value) == len(arguments) and all(map(_matches, value, arguments))
    if annotation in (int, float):
        return isinstance(value, annotation) and not isinstance(value, bool)
    return isinstance(value, annotation if annotation is not None else type(None))
