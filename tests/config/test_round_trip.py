"""Random settings come back from their files, and typed entries from the short notation."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from t2t_multimodel import UserError
from t2t_multimodel.config import (
    BatchBudget,
    Config,
    LossWeight,
    ProblemRate,
    RateFactor,
    ScheduledMixtureConfig,
    SchedulePoint,
    Section,
)
from t2t_multimodel.config.base import field_types, is_section, is_union, written
from t2t_multimodel.config.notation import read
from t2t_multimodel.config.tree import all_fields, flatten, updated

SECTIONS = sorted({field.section for field in all_fields(Config)}, key=lambda one: one.__name__)
ENTRIES = (ProblemRate, BatchBudget, LossWeight, RateFactor, SchedulePoint)
NUMBERS = st.one_of(st.integers(0, 4), st.sampled_from([8, 36, 48, 300, 512, 1024]))
REALS = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(1e-9, 1e20, allow_nan=False))
LIMITED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type, most of them valid."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: NUMBERS,
        float: REALS,
        str: st.text("abc_/.", min_size=1, max_size=6),
        type(None): st.none(),
    }
    if annotation in plain:
        return plain[annotation]
    if origin is Literal:
        return st.sampled_from(arguments)
    if is_union(annotation):
        return st.one_of([values(one) for one in arguments])
    if is_section(annotation):
        return sections(annotation)
    if arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=4).map(tuple)
    return st.tuples(*map(values, arguments))


@st.composite
def sections(draw: st.DrawFn, section: type[Section]) -> Section:
    """A valid section: fields that have no default, then each other one if it fits to the rest."""
    known = field_types(section)
    defaults = {one.name: one.default for one in dataclasses.fields(section)}
    needed = [name for name in known if defaults[name] is dataclasses.MISSING]
    if section is ScheduledMixtureConfig:  # whose default is no schedule yet
        needed = ["points"]
    made = None
    for _ in range(20):
        if made is None:
            made = tried(section, {name: draw(values(known[name])) for name in needed})
    assume(made is not None)
    assert made is not None
    for name in (name for name in known if name not in needed):
        value = draw(values(known[name]))
        made = changed(made, name, value) or made
    return made


def changed(section: Section, name: str, value: Any) -> Section | None:
    """The section with another value, if that goes together with the rest."""
    try:
        return section.replace(**{name: value})
    except UserError:
        return None


def tried(section: type[Section], drawn: dict[str, Any]) -> Section | None:
    try:
        return section(**drawn)
    except UserError:
        return None


@given(config=sections(Config))
@LIMITED
def test_a_random_config_comes_back_from_its_dictionary_and_its_file(config: Config) -> None:
    assert Config.from_dict(config.to_dict()) == config
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@given(config=sections(Config))
@LIMITED
def test_a_random_config_is_its_flat_values(config: Config) -> None:
    flat = flatten(config)
    assert updated(config, flat) == config
    fields = {field.path: field for field in all_fields(Config)}
    assert flat.keys() <= fields.keys()


@pytest.mark.parametrize("section", ENTRIES)
@given(data=st.data())
@LIMITED
def test_random_entries_come_back_from_the_short_notation(
    section: type[Section], data: st.DataObject
) -> None:
    entries = data.draw(st.lists(sections(section), min_size=1, max_size=3).map(tuple))
    assert read(written(entries), tuple[section, ...]) == entries  # type: ignore[valid-type]


@given(data=st.data())
@LIMITED
def test_random_sections_change_only_where_they_are_changed(data: st.DataObject) -> None:
    section = data.draw(sections(data.draw(st.sampled_from(SECTIONS))))
    flat = flatten(section)
    path = data.draw(st.sampled_from([*flat, None]))
    if path is not None:
        assert updated(section, {path: flat[path]}) == section
