"""One section out of several kinds: how it is chosen, and which fields there are then."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.config import Section
from t2t_multimodel.config.tree import all_fields, defaults, flatten, updated


@dataclasses.dataclass(frozen=True, kw_only=True)
class Walk(Section):
    kind: ClassVar[str] = "walk"
    pace: int = 5
    stick: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ride(Section):
    kind: ClassVar[str] = "ride"
    pace: int = 20
    gears: tuple[int, ...] = (1, 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rest(Section):
    kind: ClassVar[str] = "rest"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way(Section):
    length: float = 1.0
    by: Walk | Ride | Rest = Walk()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trip(Section):
    name: str
    way: Way = Way()


TRIP = Trip(name="home")
ALL = "The 6 hparams and what they mean: mm-trainer --list_hparams=fields"


def test_a_tree_is_flat_by_paths_and_tells_its_kinds() -> None:
    assert flatten(TRIP) == {
        "name": "home",
        "way.length": 1.0,
        "way.by": "walk",
        "way.by.pace": 5,
        "way.by.stick": False,
    }
    assert flatten(updated(TRIP, {"way.by": "rest"})) == {
        "name": "home",
        "way.length": 1.0,
        "way.by": "rest",
    }


def test_defaults_are_those_of_the_kinds_that_are_chosen() -> None:
    trip = updated(TRIP, {"way.by": Ride(pace=9), "way.length": 3.0})
    assert defaults(trip) == {
        "way.length": 1.0,
        "way.by": "walk",
        "way.by.pace": 20,
        "way.by.gears": (1, 2),
    }


def test_all_fields_are_those_of_every_kind() -> None:
    listed = [(field.path, field.chosen) for field in all_fields(Trip)]
    walk, ride = (("way.by", "walk"),), (("way.by", "ride"),)
    assert listed == [
        ("name", ()),
        ("way.length", ()),
        ("way.by", ()),
        ("way.by.pace", walk),
        ("way.by.stick", walk),
        ("way.by.pace", ride),
        ("way.by.gears", ride),
    ]


def test_a_kind_is_chosen_before_its_fields_whatever_the_order() -> None:
    trip = updated(TRIP, {"way.by.gears": (3,), "way.by": "ride"})
    assert trip == Trip(name="home", way=Way(by=Ride(pace=5, gears=(3,))))


def test_another_kind_keeps_what_both_have_and_the_same_kind_keeps_all() -> None:
    slow = updated(TRIP, {"way.by.pace": 2, "way.by.stick": True})
    assert updated(slow, {"way.by": "ride"}).way.by == Ride(pace=2)
    assert updated(slow, {"way.by": "walk"}) == slow


def test_values_are_checked_together() -> None:
    with pytest.raises(UserError) as caught:
        updated(TRIP, {"way.by.pace": "fast"})
    assert str(caught.value) == "Walk.pace must be an int, but is 'fast'."


def test_a_kind_is_stored_and_comes_back() -> None:
    trip = Trip(name="home", way=Way(by=Ride(gears=(4,))))
    stored = {"kind": "ride", "pace": 20, "gears": [4]}
    assert trip.to_dict() == {"name": "home", "way": {"length": 1.0, "by": stored}}
    assert Trip.from_dict(trip.to_dict()) == trip
    with pytest.raises(UserError) as caught:
        Way.from_dict({"by": {"kind": "rid"}})
    assert str(caught.value) == (
        "No kind of one of walk, ride, rest is named 'rid'. Did you mean 'ride'?\n"
        "Known: rest, ride, walk."
    )


@pytest.mark.parametrize(
    ("changes", "message", "fix"),
    [
        (
            {"way.by.gears": (1,)},
            "way.by.gears exists only with way.by=ride, but way.by is walk.",
            "Choose the other: --hparams=way.by=ride,way.by.gears=... "
            "(way.by=walk has way.by.pace, way.by.stick)",
        ),
        (
            {"way.by": "rest", "way.by.pace": 1},
            "way.by.pace exists only with way.by=walk or way.by=ride, but way.by is rest.",
            "Choose the other: --hparams=way.by=walk,way.by.pace=... (way.by=rest has no fields)",
        ),
        ({"way.by.gear": 1}, "No hparam is named 'way.by.gear'. Did you mean 'way.by.gears'?", ALL),
        ({"pace": 1}, "No hparam is named 'pace'. Did you mean 'way.by.pace'?", ALL),
        ({"way.gears": 1}, "No hparam is named 'way.gears'. Did you mean 'way.by.gears'?", ALL),
        (
            {"way": 1},
            "No hparam is named 'way'. Did you mean 'way.by', 'way.by.gears' or 'way.by.pace'?",
            ALL,
        ),
        (
            {"way.by": "walks"},
            "No kind of way.by is named 'walks'. Did you mean 'walk'?",
            "Known: rest, ride, walk.",
        ),
    ],
)
def test_a_field_that_does_not_exist_is_told(
    changes: dict[str, Any], message: str, fix: str
) -> None:
    with pytest.raises(UserError) as caught:
        updated(TRIP, changes)
    assert (caught.value.message, caught.value.fix) == (message, fix)
