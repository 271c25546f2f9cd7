"""Every setting either changes something that can be observed, or is refused with the reason.

Each field of each kind has a row in `helpers.settings_rows`; a field without one fails. Rows are
tried on a small copy of every registered set, and on the octet's for the kinds that no set has.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
from helpers import settings_probes as probes
from helpers.settings_rows import ROWS, SMALL, Probe, another

from t2t_multimodel import Config, UserError, rates, registry
from t2t_multimodel.config import ScheduledMixtureConfig, SchedulePoint
from t2t_multimodel.config.effect import without_effect
from t2t_multimodel.config.tree import Field, all_fields, by_depth, flatten, updated
from t2t_multimodel.overrides import Overrides, problem_sides, resolve

POINTS = tuple(SchedulePoint(step=step, rates=(1 + step, 1, 2)) for step in (0, 30))


def small(config: Config) -> Config:
    """The same kinds, so small that they run in a moment."""
    known = flatten(config)
    return updated(config, {path: value for path, value in SMALL.items() if path in known})


def with_kinds(field: Field) -> Config:
    """The octet's settings with the kinds under which a field exists."""
    config = registry.hparams.get("octet_quick")()
    three = rates("octet_ende:2", "octet_image", "octet_speech")
    config = small(config.replace(problems=three))
    kinds = dict(field.chosen)
    for path in by_depth(kinds):
        kind: Any = (
            ScheduledMixtureConfig(points=POINTS) if kinds[path] == "schedule" else kinds[path]
        )
        config = updated(config, {path: kind})
    return small(config)


def refused(config: Config) -> dict[str, str]:
    """Path -> why `--hparams` may not change it."""
    return without_effect(config, problem_sides(config))


def of_set(name: str) -> Config:
    """A registered set at a small size, with what decides which settings it reads.

    One problem of the octet stands for all of a kind. A setting that is off stays off.
    """
    config: Config = registry.hparams.get(name)()
    kinds = problem_sides(config).values()
    stand_ins = [one for one in problem_sides(BASE) if problem_sides(BASE)[one] in kinds]
    known = flatten(config)
    sizes = {path: value for path, value in SMALL.items() if known.get(path)}
    config = config.replace(problems=rates(*(f"{one}:{n + 1}" for n, one in enumerate(stand_ins))))
    return updated(config, {**sizes, "model.word_dropout": 0.05})


BASE = registry.hparams.get("octet_quick")().replace(problems=rates(*probes.STAND_INS))
FIELDS = list(all_fields(Config))
SETS = {name: of_set(name) for name in registry.hparams.names()}
READ = {name: flatten(config).keys() - refused(config) for name, config in SETS.items()}


def in_a_set(field: Field) -> bool:
    """Whether a registered set has the field, with the kinds that it needs, and reads it."""
    return any(
        field.path in READ[name]
        and all(flatten(config)[path] == kind for path, kind in field.chosen)
        for name, config in SETS.items()
    )


@functools.cache
def seen(probe: Probe, config: Config) -> Any:
    return probe(config)


def changes(config: Config, path: str) -> bool:
    """Whether a change of the field is seen, or is refused for what else the config holds."""
    value, seen_by = ROWS[path]
    try:
        changed = updated(config, {path: another(config, path, value)})
    except UserError:
        return True
    assert changed != config
    present = [one for one in seen_by if getattr(one, "stand_in", None) in (None, *config.trained)]
    return any(seen(probe, config) != seen(probe, changed) for probe in present)


def test_every_field_has_a_row_and_every_row_a_field() -> None:
    assert ROWS.keys() == {field.path for field in FIELDS}


def name_of(field: Field) -> str:
    return " of ".join([field.path, *map("=".join, field.chosen[-1:])])


ELSEWHERE = [field for field in FIELDS if not in_a_set(field)]


@pytest.mark.parametrize("field", ELSEWHERE, ids=name_of)
def test_a_setting_that_no_set_has_changes_what_its_probe_sees(field: Field) -> None:
    assert changes(with_kinds(field), field.path)


@pytest.mark.parametrize("name", SETS)
def test_a_set_reads_every_setting_that_it_has_and_that_is_not_refused(name: str) -> None:
    assert [path for path in sorted(READ[name]) if not changes(SETS[name], path)] == []


@pytest.mark.parametrize("name", SETS)
def test_a_small_copy_of_a_set_is_refused_the_same_settings(name: str) -> None:
    config: Config = registry.hparams.get(name)()
    assert refused(SETS[name]).keys() - {"problems"} == refused(config).keys() - {"problems"}


@pytest.mark.parametrize("name", registry.hparams.names())
def test_a_setting_that_a_set_does_not_read_is_refused(name: str) -> None:
    config: Config = registry.hparams.get(name)()
    for path, reason in refused(config).items():
        if path == "problems":
            continue
        value = flatten(config)[path]
        text = "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
        with pytest.raises(UserError) as caught:
            resolve(name, Overrides(hparams=f"{path}={text}"))
        assert caught.value.message == f"{path} has no effect in this run: {reason}."
