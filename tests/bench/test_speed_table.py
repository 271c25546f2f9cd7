"""The table of speeds: what it prints of sides that are here, and of those that are not."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from conftest import ROOT

BENCH = ROOT / "bench"


@pytest.fixture
def speed_table(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The bench, whose sides take as long as their command has words."""
    monkeypatch.syspath_prepend(BENCH)
    module = importlib.import_module("speed_table")

    def run_json(command: list[str], **environment: str) -> dict[str, Any]:
        return {"cpu_ms": 10.0 * len(command), "gflop": 3.0, "matmul_peak_gflops": 100.0}

    monkeypatch.setattr(module.peer, "run_json", run_json)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    return module


def printed(
    speed_table: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *flags: str,
) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["speed_table.py", *flags])
    speed_table.main()
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")][2:]


def test_a_row_has_both_sides_their_ratio_and_the_goal(
    speed_table: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--only=16 x 64", "--t2t=python3.7 t2t_bench.py", "--rounds=2")
    # 2 + 3 + 1 words against 2 + 4 + 1
    row = "| training step, text, 16 x 64 | t2t | 60 | 70 | 0.86 | 2.0 |"
    assert printed(speed_table, monkeypatch, capsys, *flags) == [row]


def test_the_floor_of_a_step_is_the_time_of_its_products(
    speed_table: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "| micro-batch, octet_quick, 42 x 22 | floor | 30 | 80 | 0.38 | 0.6 |"
    assert printed(speed_table, monkeypatch, capsys, "--only=floor") == [row]


def test_a_peer_that_is_not_here_is_named(
    speed_table: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speed_table.importlib.util, "find_spec", lambda name: None)
    rows = printed(speed_table, monkeypatch, capsys, "--only=batch 32")
    assert rows == [
        "| greedy, 64 tokens, batch 32 | t2t: no --t2t | - | - | - | 25.0 |",
        *(
            f"| greedy, 64 tokens, octet_quick, batch 32, peer {kind} | "
            "ctranslate2: ctranslate2 is not installed | - | - | - | 1.0 |"
            for kind in ("float32", "int8")
        ),
    ]


def test_a_row_that_is_not_there_is_told_with_those_that_are(
    speed_table: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        printed(speed_table, monkeypatch, capsys, "--only=gredy")
    assert caught.value.code == 2
    assert (
        "--only=gredy is in none of: training step, text, 16 x 64 t2t; " in capsys.readouterr().err
    )


def test_every_side_is_a_program_of_the_folder(speed_table: ModuleType) -> None:
    own = {row.ours[0] for row in speed_table.ROWS}
    modules = {row.theirs[0] for row in speed_table.ROWS if row.peer in ("torch", "ctranslate2")}
    files = [*own, *(f"peers/{name}.py" for name in modules)]
    assert len(files) == 6
    assert [name for name in files if not (BENCH / name).is_file()] == []
