"""The short notation of settings: what is read, what is written, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Literal

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.config import (
    BatchBudget,
    MeshConfig,
    MirroredConfig,
    MultiWorkerConfig,
    ProblemRate,
    Section,
    rates,
)
from t2t_multimodel.config.base import describe, form, written
from t2t_multimodel.config.notation import Chosen, read, read_distribution, read_entry
from t2t_multimodel.overrides import Overrides, resolve

DEVICES = (
    "TensorFlow: --distribution=mirrored:2 (devices of one host) or multi_worker (processes); "
    "JAX: --distribution=data:2,experts:2. docs/devices.md explains them."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point(Section):
    name: str
    size: int = 1

    def check(self) -> None:
        self.require(bool(self.name), "name", "not empty")
        self.require(self.size > 0, "size", "> 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Budget(Section):
    name: str
    unit: Literal["x", "y"]
    number: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row(Section):
    step: int
    rates: tuple[float, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Round(Section):
    kind: ClassVar[str] = "circle"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Square(Section):
    kind: ClassVar[str] = "square"
    side: int = 1
    filled: bool = False


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("12", int, 12),
        (" -3 ", int, -3),
        ("1e-3", float, 0.001),
        ("2", float, 2.0),
        ("true", bool, True),
        ("False", bool, False),
        ("1", bool, True),
        ("0", bool, False),
        ("test", str, "test"),
        ("y", Literal["x", "y"], "y"),
        ("3+3+15", tuple[int, ...], (3, 3, 15)),
        ("(3,3)", tuple[int, int], (3, 3)),
        ("7", tuple[int, ...], (7,)),
        ("none", int | None, None),
        ("None", int | None, None),
        ("4", int | None, 4),
        ("a", Point, Point(name="a")),
        ("a:2", Point, Point(name="a", size=2)),
        ("a:2+b", tuple[Point, ...], (Point(name="a", size=2), Point(name="b"))),
        ("", tuple[Point, ...], ()),
        ("a:x:7", Budget, Budget(name="a", unit="x", number=7)),
        ("5:1:0.5:2e1", Row, Row(step=5, rates=(1.0, 0.5, 20.0))),
        (
            "0:1+9:2",
            tuple[Row, ...],
            (Row(step=0, rates=(1.0,)), Row(step=9, rates=(2.0,))),
        ),
        ("circle", Round | Square, Chosen("circle", {})),
        ("square", Round | Square, Chosen("square", {})),
        ("square:3", Round | Square, Chosen("square", {"side": 3})),
        ("square:3:true", Round | Square, Chosen("square", {"side": 3, "filled": True})),
    ],
)
def test_text_is_parsed_to_the_annotated_type(text: str, annotation: Any, value: Any) -> None:
    parsed = read(text, annotation)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("1.5", int),
        ("", int),
        ("fast", float),
        ("yes", bool),
        ("z", Literal["x", "y"]),
        ("3", tuple[int, int]),
        ("3+a", tuple[int, ...]),
        ("some", int | None),
        ("a:b", Point),
        ("1:2:3", Point),
        ("x:1", Budget),
        ("a", Budget),
        ("a:tokens:1:2", Budget),
        ("round", Round | Square),
        ("square:wide", Round | Square),
        ("circle:1", Round | Square),
    ],
)
def test_text_of_another_type_does_not_parse(text: str, annotation: Any) -> None:
    with pytest.raises(ValueError):
        read(text, annotation)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((Point(name="a", size=2), Point(name="b")), "a:2+b:1"),
        (Row(step=5, rates=(1.0, 0.5, 1e20)), "5:1:0.5:1e20"),
        (Square(side=3), "square:3:false"),
        (Round(), "circle"),
        ((3, 3, 15), "3+3+15"),
        (None, "none"),
        (1 / 3, "0.3333333333333333"),
        ("full", "full"),
    ],
)
def test_values_are_written_as_they_are_read(value: Any, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    "value",
    [
        (Point(name="a", size=2), Point(name="b")),
        (Row(step=5, rates=(1.0, 1 / 3, 1e20)), Row(step=6, rates=(0.1,))),
        (BatchBudget(problem="a", unit="tokens", number=3),),
    ],
)
def test_what_is_written_is_read_back_to_the_last_bit(value: Any) -> None:
    assert read(written(value), tuple[type(value[0]), ...]) == value


def test_the_form_of_a_section_shows_what_may_be_left_out() -> None:
    assert (form(Budget), form(Point)) == ("name:unit:number", "name[:size]")
    assert describe(tuple[Point, ...]) == "a tuple, each name[:size]"


def test_an_entry_of_another_form_is_told() -> None:
    assert read_entry("a:2", ProblemRate, "--problems") == ProblemRate(name="a", rate=2.0)
    with pytest.raises(UserError) as caught:
        read_entry("a:often", ProblemRate, "--problems")
    assert str(caught.value) == "--problems: 'a:often' is not of the form name[:rate]."


@pytest.mark.parametrize("rate", ["-1", "nan", "inf"])
def test_a_rate_that_is_no_number_from_0_on_is_refused(rate: str) -> None:
    with pytest.raises(UserError) as caught:
        rates("b", f"a:{rate}")
    assert str(caught.value) == (
        f"ProblemRate.rate must be 0 or a number above 0, but is {float(rate)!r}."
    )


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("mirrored", MirroredConfig(devices=0)),
        ("mirrored:4", MirroredConfig(devices=4)),
        ("multi_worker", MultiWorkerConfig()),
        ("data:2", MeshConfig(data=2)),
        ("experts:4, data:2", MeshConfig(data=2, experts=4)),
    ],
)
def test_devices_are_read(text: str, devices: Section) -> None:
    assert read_distribution(text) == devices


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "miror",
            "No distribution is named 'miror'. Did you mean 'mirrored'?\n"
            "Known: data, experts, mirrored, multi_worker.",
        ),
        (
            "data:many",
            f"--distribution: data needs a number of devices above 0, but has 'many'.\n{DEVICES}",
        ),
        (
            "experts",
            f"--distribution: experts needs a number of devices above 0, but has ''.\n{DEVICES}",
        ),
        (
            "mirrored:0",
            f"--distribution: mirrored needs a number of devices above 0, but has '0'.\n{DEVICES}",
        ),
        (
            "multi_worker:2",
            "--distribution: multi_worker takes no number; the cluster says how many.\n" + DEVICES,
        ),
        ("data:2,data:2", f"--distribution names data twice.\n{DEVICES}"),
        (
            "mirrored:2,experts:2",
            f"--distribution: mirrored and experts do not go together.\n{DEVICES}",
        ),
    ],
)
def test_what_means_no_devices_is_told(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_distribution(text)
    assert str(caught.value) == message


def test_a_flag_and_an_hparam_say_the_same() -> None:
    flag = resolve("octet_quick", Overrides(distribution="data:2,experts:2"))
    hparam = resolve("octet_quick", Overrides(hparams="train.distribution=mesh:2:2"))
    assert flag.config == hparam.config
    assert flag.config.train.distribution == MeshConfig(data=2, experts=2)
    assert flag.origins["train.distribution"] == "--distribution"
