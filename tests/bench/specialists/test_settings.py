"""Settings of the specialists, and which of them a problem gets."""

from __future__ import annotations

import pytest

from bench.specialists.kinds import default_seconds, kind_of
from bench.specialists.settings import Cnn, Ctc, Transformer, read_settings
from t2t_multimodel import UserError, registry


def test_those_that_are_named_change() -> None:
    assert read_settings("") == {"transformer": Transformer(), "cnn": Cnn(), "ctc": Ctc()}
    found = read_settings("transformer.width=192,ctc.rate=1e-3")
    assert found["transformer"] == Transformer(width=192)
    assert found["ctc"] == Ctc(rate=0.001)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "cnm.width=1",
            "No kind of specialist is named 'cnm'. Did you mean 'cnn'?\n"
            "Known: cnn, ctc, transformer.",
        ),
        (
            "cnn.widht=1",
            "No setting of cnn is named 'widht'. Did you mean 'width'?\n"
            "Known: decay, dropout, rate, rows, smoothing, warmup, width.",
        ),
        ("cnn.width=1.5", "--settings=cnn.width=1.5: expected a whole number."),
        ("cnn.rate=fast", "--settings=cnn.rate=fast: expected a number."),
        ("cnn.rate", "--settings=cnn.rate: expected a number."),
    ],
)
def test_mistakes_are_told(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_settings(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "kind", "seconds"),
    [
        ("octet_ende", "transformer", 300),
        ("octet_parse", "transformer", 150),
        ("octet_image", "cnn", 120),
        ("octet_speech", "ctc", 200),
    ],
)
def test_each_problem_has_its_kind_and_its_budget(name: str, kind: str, seconds: float) -> None:
    problem = registry.problems.get(name)()
    assert (kind_of(problem), default_seconds(problem)) == (kind, seconds)


def test_captions_have_no_specialist() -> None:
    with pytest.raises(UserError) as caught:
        kind_of(registry.problems.get("octet_caption")())
    assert str(caught.value) == (
        "Problem 'octet_caption' has no specialist: it goes from Image 32x32x3 to Text(octet).\n"
        "There are specialists for text to text, images to classes, and log-mel sound to text."
    )
