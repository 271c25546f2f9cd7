"""Outputs as lines."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from t2t_multimodel.decode.outputs import Answer, as_json, as_text

ANSWER = Answer(7, ("zwei Worte", "zwei"), (-0.25, -1.0))


def test_outputs_stand_between_tabs() -> None:
    assert as_text(ANSWER, scores=False) == "zwei Worte\tzwei"
    assert as_text(ANSWER, scores=True) == "-0.2500\tzwei Worte\t-1.0000\tzwei"
    assert as_text(Answer(1), scores=True) == ""


def test_json_has_number_outputs_and_scores() -> None:
    assert as_json(ANSWER) == (
        '{"line": 7, "outputs": [{"text": "zwei Worte", "score": -0.25}, '
        '{"text": "zwei", "score": -1.0}]}'
    )
    assert as_json(Answer(2, fault="no picture")) == (
        '{"line": 2, "outputs": [], "error": "no picture"}'
    )
    assert json.loads(as_json(Answer(3, ("é",), (0.0,), target="è"))) == {
        "line": 3,
        "outputs": [{"text": "é", "score": 0.0}],
        "target": "è",
    }


def test_no_character_breaks_a_line() -> None:
    every = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, sys.maxunicode + 1)))
    answer = Answer(1, (every,), (0.0,))
    text = as_text(answer, scores=False)
    assert len(text) == len(every)
    assert len(text.splitlines()) == len(text.split("\t")) == 1
    assert not any(unicodedata.category(character) == "Cc" for character in text)
    line = as_json(answer)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["outputs"][0]["text"] == every


@pytest.mark.parametrize(
    ("text", "line"), [("a\nb", "a b"), ("a\r\nb", "a  b"), ("a\tb\u2028c\x85d", "a b c d")]
)
def test_breaks_become_blanks(text: str, line: str) -> None:
    assert as_text(Answer(1, (text,), (0.0,)), scores=False) == line
