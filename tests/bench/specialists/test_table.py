"""The table that is printed and the file that is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.specialists.budget import Cost
from bench.specialists.scoring import Measured
from bench.specialists.table import Contender, print_table, store

NATS = Measured(2.5, (2.25, 2.75), 10)
BLEU = Measured(12.345, (11.0, 13.0), 4)
OURS = Cost(2000, 3, 12.0, 10.0, 15.0)
TWO = (
    Contender("p", "dev", "transformer", {"nats a token": NATS}, OURS, {"width": 8}),
    Contender("p", "dev", "joint", {"bleu greedy": BLEU}, Cost(3000, 4600), {"checkpoint": "c"}),
)


def test_a_column_for_each_contender(capsys: pytest.CaptureFixture, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    print_table(TWO)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["p,", "dev"],
        ["transformer", "joint"],
        ["nats", "a", "token", "2.5", "[2.25,", "2.75]", "-"],
        ["bleu", "greedy", "-", "12.35", "[11,", "13]"],
        ["parameters", "2,000", "3,000"],
        ["steps", "3", "4,600"],
        ["CPU", "seconds", "12.0", "-"],
        ["before", "the", "second", "step", "10.0", "-"],
        ["CPU-ms", "a", "step", "1000.0", "-"],
    ]


def test_the_file_has_every_figure(tmp_path: Path) -> None:
    store(TWO, tmp_path / "out.json")
    first, second = json.loads((tmp_path / "out.json").read_text())
    assert first["scores"]["nats a token"] == {
        "value": 2.5,
        "interval": [2.25, 2.75],
        "examples": 10,
    }
    assert first["cost"] == {
        "parameters": 2000,
        "steps": 3,
        "cpu_seconds": 12.0,
        "start_seconds": 10.0,
        "wall_seconds": 15.0,
        "step_ms": 1000.0,
    }
    assert (second["name"], second["cost"]["steps"], second["cost"]["step_ms"]) == (
        "joint",
        4600,
        None,
    )
    assert second["settings"] == {"checkpoint": "c"}
