"""What an experiment refuses, and what it knows of its sentences."""

from __future__ import annotations

from typing import Any

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.paper import Arm, Bar, Comparison, Experiment

ARMS = (
    Arm(name="joint", problems=("octet_image:0.5", "octet_parse")),
    Arm(name="single_octet_image", problems=("octet_image",)),
)


def experiment(**changes: Any) -> Experiment:
    comparison = Comparison(
        first="joint", second="single_{problem}", problems=("octet_image",), decides="It helps."
    )
    values = {"name": "mine", "arms": ARMS, "comparisons": (comparison,), **changes}
    return Experiment(**values)


def compared(**changes: Any) -> tuple[Comparison]:
    values = {"first": "joint", "second": Bar(), "problems": ("octet_image",), "decides": "So."}
    return (Comparison(**{**values, **changes}),)


def test_the_problem_stands_in_the_name_of_an_arm() -> None:
    (comparison,) = experiment().comparisons
    assert comparison.arms("octet_image") == ("joint", "single_octet_image")
    assert compared()[0].arms("octet_image") == ("joint",)


def test_comparisons_with_one_sentence_decide_it_together() -> None:
    twice = experiment(comparisons=(*compared(), *compared(decides="Else."), *compared()))
    assert [(text, len(them)) for text, them in twice.sentences()] == [("So.", 2), ("Else.", 1)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"comparisons": compared(first="joimt")},
            "No arm of experiment mine is named 'joimt'. Did you mean 'joint'?\n"
            "Known: joint, single_octet_image.",
        ),
        (
            {"comparisons": compared(problems=("octet_imag",))},
            "No problem of arm joint is named 'octet_imag'. Did you mean 'octet_image'?\n"
            "Known: octet_image, octet_parse.",
        ),
        (
            {"comparisons": compared(problems=())},
            "Experiment mine: 'So.' compares no problem.",
        ),
        ({"arms": (*ARMS, ARMS[0])}, "Experiment mine: two arms are named joint."),
        (
            {"name": "../mine"},
            "'../mine' is no name of an experiment or of an arm.\n"
            "Use lower-case letters, digits and underscores.",
        ),
    ],
)
def test_a_wrong_experiment_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        experiment(**changes)
    assert str(caught.value) == message
