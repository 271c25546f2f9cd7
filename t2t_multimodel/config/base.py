"""What every config section shares: type checks at construction, JSON in and out."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, Literal, TypeVar

from t2t_multimodel.errors import UserError, unknown

S = TypeVar("S", bound="Section")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A frozen group of hparams that checks itself.

    Subclasses are frozen, keyword-only dataclasses with plain field types: bool, int, float,
    str, Literal, tuples of those, other sections, and unions with None. `check` holds the
    ranges; it runs after the types were found right.
    """

    def __post_init__(self) -> None:
        for name, annotation in field_types(type(self)).items():
            value = _coerce(getattr(self, name), annotation)
            if not _matches(value, annotation):
                raise UserError(
                    f"{type(self).__name__}.{name} must be {describe(annotation)}, "
                    f"but is {value!r}."
                )
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        """Raises `UserError` for a value out of range."""

    def require(self, holds: bool, field: str, rule: str) -> None:
        """Raises `UserError` naming the field, the rule and the value unless `holds`."""
        if not holds:
            raise UserError(
                f"{type(self).__name__}.{field} must be {rule}, but is {getattr(self, field)!r}."
            )

    def replace(self: S, **changes: Any) -> S:
        """A copy with some fields changed; an unknown field name is an error that suggests one."""
        known = field_types(type(self))
        for name in changes:
            if name not in known:
                raise unknown("field of " + type(self).__name__, name, list(known), "")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values, sections nested."""
        return {
            name: value.to_dict()
            if isinstance(value, Section)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in ((n, getattr(self, n)) for n in field_types(type(self)))
        }

    @classmethod
    def from_dict(cls: type[S], values: dict[str, Any]) -> S:
        """Inverse of `to_dict`. Fields that are missing take their defaults."""
        known = field_types(cls)
        arguments = {}
        for name, value in values.items():
            if name not in known:
                raise unknown("field of " + cls.__name__, name, list(known), "")
            section = _section(known[name])
            arguments[name] = section.from_dict(value) if section else value
        return cls(**arguments)


def field_types(section: type[Any]) -> dict[str, Any]:
    """Field name -> resolved annotation, in order of declaration."""
    hints = typing.get_type_hints(section)
    return {field.name: hints[field.name] for field in dataclasses.fields(section)}


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
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(a) for a in arguments)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return f"a tuple, each {describe(arguments[0])}"
        return f"a tuple of {len(arguments)}"
    return f"a {getattr(annotation, '__name__', annotation)}"


def parse(text: str, annotation: Any) -> Any:
    """A value of the annotated type out of command-line text.

    Tuples are written `3+3+15+15` or `(3,3,15,15)`; true/false and none in any case.

    Raises:
        ValueError: the text does not name such a value.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    text = text.strip()
    if annotation is bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    if annotation in (int, float, str):
        return annotation(text)
    if origin is Literal:
        for choice in arguments:
            if text == str(choice):
                return choice
        raise ValueError(text)
    if origin in (typing.Union, types.UnionType):
        return _parse_union(text, arguments)
    if origin is tuple:
        parts = [p for p in text.strip("()[] ").replace("+", ",").split(",") if p.strip()]
        if arguments[-1] is Ellipsis:
            return tuple(parse(part, arguments[0]) for part in parts)
        if len(parts) != len(arguments):
            raise ValueError(text)
        return tuple(parse(p, a) for p, a in zip(parts, arguments, strict=True))
    raise ValueError(text)


def _parse_union(text: str, choices: tuple[Any, ...]) -> Any:
    if type(None) in choices and text.lower() == "none":
        return None
    for choice in choices:
        if choice is not type(None):
            try:
                return parse(text, choice)
            except ValueError:
                continue
    raise ValueError(text)


def _section(annotation: Any) -> type[Section] | None:
    is_section = isinstance(annotation, type) and issubclass(annotation, Section)
    return annotation if is_section else None


def _coerce(value: Any, annotation: Any) -> Any:
    """Ints where floats are meant, lists (from JSON) where tuples are meant."""
    kinds = (annotation, *typing.get_args(annotation))
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and float in kinds and int not in kinds:
        return float(value)
    if isinstance(value, list):
        return tuple(value)
    return value


def _matches(value: Any, annotation: Any) -> bool:
    if annotation is Any:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return value in arguments
    if origin in (typing.Union, types.UnionType):
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
