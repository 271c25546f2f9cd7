"""What differs between two runs, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.untrained_run_folder import CONFIG, SESSION, untrained_run_folder

from t2t_multimodel import UserError
from t2t_multimodel.config import rates
from t2t_multimodel.report.difference import RunDifference, differences, print_differences
from t2t_multimodel.report.record import read_record
from t2t_multimodel.report.summary import print_summary


def scored(folder: Path, score: float) -> None:
    rows = [
        {
            **{"problem": "a", "split": "test", "examples": 3, "intervals": {}},
            **{"source_blind_baseline": {}, "trivial_baseline": {}},
            "scores": {"teacher_forced/log_ppl": score, "teacher_forced/accuracy": 0.5},
        }
    ]
    (folder / "results.json").write_text(json.dumps(rows))


def compared(first: Path, second: Path) -> list[RunDifference]:
    return differences(read_record(first), read_record(second))


def test_equal_runs_differ_in_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    first = untrained_run_folder(tmp_path / "one")
    second = untrained_run_folder(tmp_path / "two", origins={"train.steps": "--train_steps"})
    assert compared(first, second) == []
    print_differences(first, second)
    said = capsys.readouterr().out.strip()
    assert said == f"{first} and {second}: the same settings, data, code and scores."


def test_settings_are_told_with_their_origins(tmp_path: Path) -> None:
    other = CONFIG.replace(problems=rates("a:2"), train=CONFIG.train.replace(steps=12))
    origins = {"train.steps": "--train_steps", "problems": "--problems"}
    second = untrained_run_folder(tmp_path / "two", other, origins=origins)
    assert compared(untrained_run_folder(tmp_path / "one"), second) == [
        RunDifference("setting", "problems", "a:2, b:1 (default)", "a:2 (--problems)"),
        RunDifference("setting", "train.steps", "9 (set made)", "12 (--train_steps)"),
    ]


def test_data_code_and_scores_are_told(tmp_path: Path) -> None:
    session = SESSION | {
        "packages": {"keras": "3.2"},
        "git": {"commit": "c1", "changed": ["x.py", "y.py"]},
    }
    first = untrained_run_folder(tmp_path / "one")
    second = untrained_run_folder(
        tmp_path / "two", data={"a": "aa", "b": "b2"}, sessions=[SESSION, session]
    )
    scored(first, 2.5)
    scored(second, 2.25)
    assert compared(first, second) == [
        RunDifference("data", "b", "bb", "b2"),
        RunDifference("made with", "keras", "3.1", "3.2"),
        RunDifference("made with", "git commit", "c0", "c1"),
        RunDifference("made with", "git changes", "none", "x.py, y.py"),
        RunDifference("score", "a teacher_forced/log_ppl", "2.5", "2.25"),
    ]


def test_what_one_run_has_not_is_a_dash(tmp_path: Path) -> None:
    first = untrained_run_folder(tmp_path / "one", data={"a": "aa"})
    second = untrained_run_folder(tmp_path / "two", sessions=[SESSION | {"git": None}])
    assert compared(first, second) == [
        RunDifference("data", "b", "-", "bb"),
        RunDifference("made with", "git commit", "c0", "-"),
    ]


def test_the_table_names_each_kind_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    other = CONFIG.replace(train=CONFIG.train.replace(steps=12, seed=1))
    untrained_run_folder(tmp_path / "one")
    untrained_run_folder(tmp_path / "two", other)
    print_differences(Path("one"), Path("two"))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["what", "differs", "one", "two"],
        ["setting", "train.steps", "9", "(set", "made)", "12", "(set", "made)"],
        ["train.seed", "0", "(default)", "1", "(default)"],
    ]


def test_a_summary_tells_what_was_set_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folder = untrained_run_folder(tmp_path / "one")
    scored(folder, 2.5)
    print_summary(folder)
    title, _, *rows = capsys.readouterr().out.splitlines()
    assert title == f"{folder}: made, 2 problems"
    cells = [row.split() for row in rows]
    assert cells[0] == ["setting", "train.steps", "9", "set", "made"]
    assert ["data", "b", "bb"] in cells
    assert ["made", "with", "git", "commit", "c0"] in cells
    assert ["score", "a", "teacher_forced/log_ppl", "2.5"] in cells
    assert rows[-1].startswith("teacher_forced/log_ppl: nats a target, lower is better; ")
    assert not any("optimizer" in row for row in rows)  # all defaults


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_record(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no run: there is no {tmp_path}/config.json.\n"
        "Name a folder that mm-trainer wrote, such as runs/octet_quick."
    )
