"""A config as a tree of paths: `model.body.filter_size` and what may stand there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from t2t_multimodel.config.base import (
    S,
    Section,
    field_types,
    is_section,
    kind_named,
    kinds_of,
)
from t2t_multimodel.errors import UserError, did_you_mean, nearest

ALL_FIELDS = "mm-trainer --list_hparams=fields"


@dataclasses.dataclass(frozen=True)
class Field:
    """A place in the tree of all configs that there can be."""

    path: str
    """`model.body.filter_size`"""
    section: type[Section]
    """The class that has the field."""
    name: str
    """`filter_size`"""
    annotation: Any
    chosen: tuple[tuple[str, str], ...]
    """The kinds under which it exists, from the root on: (("model.body", "t2t_v2"),)."""


def all_fields(
    root: type[Section], path: str = "", chosen: tuple[tuple[str, str], ...] = ()
) -> Iterator[Field]:
    """Every field of every kind, each before those below it."""
    for name, annotation in field_types(root).items():
        here = f"{path}.{name}" if path else name
        if is_section(annotation):
            yield from all_fields(annotation, here, chosen)
            continue
        yield Field(here, root, name, annotation, chosen)
        for kind, section in kinds_of(annotation).items():
            yield from all_fields(section, here, (*chosen, (here, kind)))


def flatten(section: Section, path: str = "") -> dict[str, Any]:
    """{"model.body": "paper", "model.body.mixer_blocks": 2, ...} in order of declaration."""
    flat: dict[str, Any] = {}
    for name, annotation in field_types(type(section)).items():
        here, value = f"{path}.{name}" if path else name, getattr(section, name)
        if not isinstance(value, Section):
            flat[here] = value
            continue
        if kinds_of(annotation):
            flat[here] = value.kind
        flat |= flatten(value, here)
    return flat


def defaults(section: Section, path: str = "") -> dict[str, Any]:
    """As `flatten`, with the defaults of the fields that have one, for the kinds of the section."""
    flat: dict[str, Any] = {}
    given: dict[str, Any] = {one.name: one.default for one in dataclasses.fields(section)}
    for name, annotation in field_types(type(section)).items():
        here, value = f"{path}.{name}" if path else name, getattr(section, name)
        default = given[name]
        if isinstance(value, Section):
            flat |= {here: default.kind} if kinds_of(annotation) else {}
            flat |= defaults(value, here)
        elif default is not dataclasses.MISSING:
            flat[here] = default
    return flat


def updated(section: S, changes: Mapping[str, Any]) -> S:
    """A copy with the values at some paths changed, {"moe.experts": 8, "body": "t2t_v2"}."""
    draft = Draft.of(section)
    for path in by_depth(changes):
        draft.set(path, changes[path])
    made = draft.build()
    assert isinstance(made, type(section))
    return made


def by_depth(paths: Iterable[str]) -> list[str]:
    """The paths with each kind before the fields that it has."""
    return sorted(paths, key=lambda path: path.count("."))


class Draft:
    """A config that is being changed: its values are checked together, once all are there."""

    def __init__(self, section: type[Section], values: dict[str, Any]) -> None:
        self.section = section
        self._values = {name: _draft(value) for name, value in values.items()}

    @classmethod
    def of(cls, section: Section) -> Draft:
        """The draft that builds a section, as long as nothing is changed."""
        names = field_types(type(section))
        return cls(type(section), {name: getattr(section, name) for name in names})

    @classmethod
    def of_defaults(cls, section: type[Section]) -> Draft:
        """The draft of a section whose fields have their defaults, as far as they have any."""
        given = [f for f in dataclasses.fields(section) if f.default is not dataclasses.MISSING]
        return cls(section, {field.name: field.default for field in given})

    def annotation(self, path: str) -> Any:
        """The type of a field. Raises `UserError` if the kinds that are chosen have no such."""
        draft, name = self._place(path)
        return field_types(draft.section)[name]

    def set(self, path: str, value: Any, owner: type[Section] | None = None) -> None:
        """Sets the value at a path; where there are several kinds, a string chooses one.

        Args:
            path: as in "model.body.heads"; choices come before the fields below them.
            value: checked when the config is built.
            owner: the class of section that is meant, if it is known.

        Raises:
            UserError: there is no such path, or none with the kinds that are chosen.
        """
        draft, name = self._place(path)
        if owner not in (None, draft.section):
            raise no_such_field(self, path, owner)
        annotation = field_types(draft.section)[name]
        if isinstance(value, str) and kinds_of(annotation):
            draft._choose(name, kind_named(value, annotation, path))
        else:
            draft._values[name] = _draft(value)

    def _place(self, path: str) -> tuple[Draft, str]:
        """The draft of the section that has the field, and the field's name."""
        draft, (*above, name) = self, path.split(".")
        for one in above:
            below = draft._values.get(one)
            if not isinstance(below, Draft):
                raise no_such_field(self, path)
            draft = below
        known = field_types(draft.section)
        if name not in known or is_section(known[name]):
            raise no_such_field(self, path)
        return draft, name

    def _choose(self, name: str, wanted: type[Section]) -> None:
        """Puts another kind of section in a place; fields that both have keep their values."""
        before = self._values[name]
        if before.section is wanted:
            return
        after = Draft.of_defaults(wanted)
        known, old = field_types(wanted), field_types(before.section)
        shared = [field for field in known if field in old and known[field] == old[field]]
        after._values |= {field: before._values[field] for field in shared}
        self._values[name] = after

    def kinds(self, path: str = "") -> dict[str, str]:
        """Path -> kind of every choice, {"model.body": "paper", ...}."""
        chosen: dict[str, str] = {}
        for name, value in self._values.items():
            here = f"{path}.{name}" if path else name
            if isinstance(value, Draft):
                chosen |= {here: value.section.kind} if value.section.kind else {}
                chosen |= value.kinds(here)
        return chosen

    def build(self) -> Section:
        """The config. Raises `UserError` for a value of the wrong type or out of range."""
        values = {
            name: value.build() if isinstance(value, Draft) else value
            for name, value in self._values.items()
        }
        return self.section(**values)


def _draft(value: Any) -> Any:
    return Draft.of(value) if isinstance(value, Section) else value


def no_such_field(draft: Draft, path: str, owner: type[Section] | None = None) -> UserError:
    """The error for a path that does not exist, or only with other kinds than the draft has.

    Args:
        draft: of the whole config.
        path: as the user wrote it.
        owner: the class of section that was meant, if it is known.
    """
    fields = list(all_fields(draft.section))
    meant = [field for field in fields if field.path == path and owner in (None, field.section)]
    if not meant:
        paths = list(dict.fromkeys(field.path for field in fields))
        same_name = [known for known in paths if known.endswith(f".{path.rpartition('.')[2]}")]
        hint = " or ".join(f"'{known}'" for known in same_name)
        return UserError(
            f"No hparam is named '{path}'."
            + (f" Did you mean {hint}?" if hint else did_you_mean(path, paths)),
            f"The {len(paths)} hparams and what they mean: {ALL_FIELDS}",
        )
    chosen = draft.kinds()
    place = next(place for place, kind in meant[0].chosen if chosen.get(place) != kind)
    kinds = [dict(field.chosen)[place] for field in meant]
    own = [field.path for field in fields if (place, chosen[place]) in field.chosen]
    return UserError(
        f"{path} exists only with {' or '.join(f'{place}={kind}' for kind in kinds)}, "
        f"but {place} is {chosen[place]}.{_same_place(path, own)}",
        f"Choose the other: --hparams={place}={kinds[0]},{path}=... "
        f"({place}={chosen[place]} has {', '.join(own) or 'no fields'})",
    )


def _same_place(path: str, own: list[str]) -> str:
    """Fields of the chosen kind whose own name is near to the path's."""
    names = {known.rpartition(".")[2]: known for known in own}
    close = nearest(path.rpartition(".")[2], names)
    listed = " or ".join(f"'{names[name]}'" for name in close)
    return f" Did you mean {listed}?" if close else ""
