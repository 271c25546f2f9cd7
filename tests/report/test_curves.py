"""Curves as numbers, and what is drawn of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.untrained_run_folder import finish, log, untrained_run_folder

from t2t_multimodel.report.curves import Evaluated, _panels, baseline_of, evaluations, sparkline
from t2t_multimodel.report.figures import Panel
from t2t_multimodel.report.history import History, read_history
from t2t_multimodel.report.record import RunRecord, read_record


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    folder = untrained_run_folder(tmp_path / "run")
    log(folder)
    finish(folder)
    return read_record(folder)


def test_a_line_that_a_kill_cut_off_is_left_out(record: RunRecord) -> None:
    history = read_history(record.path / "scalars.jsonl")
    assert history.last_step == 3
    assert history.curves["a/train/xent"] == [(1, 4.0), (2, 2.0), (3, 1.0)]
    assert history.under("b/train/") == {
        "xent": [(1, 8.0), (2, 4.0), (3, 2.0)],
        "share_encoder": [(1, [0.5, 0.5]), (2, [0.5, 0.5]), (3, [0.5, 0.5])],
    }


def test_what_was_evaluated_is_told_from_what_was_logged_in_training() -> None:
    names = (
        "a/train/xent",
        "a/train/share_encoder",
        "a/train/teacher_forced/log_ppl",
        "a/dev/top1",
        "a/mixture/share",
        "ab/dev/top1",
        "train/learning_rate",
    )
    history = History({name: [(1, 0.5)] for name in names})
    assert evaluations(history, "a") == [
        Evaluated("train", "teacher_forced/log_ppl", [(1, 0.5)]),
        Evaluated("dev", "top1", [(1, 0.5)]),
    ]


def test_the_baseline_is_that_of_the_split_or_names_another(record: RunRecord) -> None:
    assert baseline_of(record, "a", "dev", "teacher_forced/log_ppl") == (
        "source-blind baseline (test)",
        2.0,
    )
    dev = {"source_blind": {"teacher_forced/log_ppl": 2.25}, "trivial": {}}
    baselines = {"a": {**record.baselines["a"], "dev": dev}}
    (record.path / "baselines.json").write_text(json.dumps(baselines))
    both = read_record(record.path)
    assert baseline_of(both, "a", "dev", "teacher_forced/log_ppl") == (
        "source-blind baseline (dev)",
        2.25,
    )
    assert baseline_of(both, "a", "dev", "teacher_forced/accuracy") is None
    assert baseline_of(both, "b", "dev", "top1") is None


def test_train_and_dev_share_a_panel_with_their_baseline(record: RunRecord) -> None:
    history = read_history(record.path / "scalars.jsonl")
    assert _panels(record, history, "a") == [
        Panel(
            "a: nats a target",
            {
                "train xent": [(1, 4.0), (2, 2.0), (3, 1.0)],
                "dev teacher_forced/log_ppl": [(2, 2.5), (3, 1.25)],
            },
            {"source-blind baseline (test)": 2.0},
        ),
        Panel(
            "a: dev teacher_forced/accuracy", {"dev teacher_forced/accuracy": [(2, 0.25), (3, 0.5)]}
        ),
    ]


def test_a_sparkline_has_at_most_a_dozen_bars() -> None:
    assert sparkline([3.0]) == "▁"
    assert sparkline([0.0, 7.0, 3.0]) == "▁█▄"
    assert sparkline([float(i // 10) for i in range(120)]) == "▁▂▂▃▄▄▅▅▆▇▇█"


def test_the_loss_of_values_is_drawn_by_its_name(record: RunRecord) -> None:
    history = History(
        {
            "a/train/loss_squared_error": [(1, 4.0), (2, 2.0)],
            "a/train/tokens": [(1, 8.0)],
            "a/dev/loss/squared_error": [(2, 3.0)],
            "a/dev/decoded/r2": [(2, 0.5)],
        }
    )
    assert _panels(record, history, "a") == [
        Panel(
            "a: squared_error",
            {"train squared_error": [(1, 4.0), (2, 2.0)], "dev loss/squared_error": [(2, 3.0)]},
        ),
        Panel("a: dev decoded/r2", {"dev decoded/r2": [(2, 0.5)]}),
    ]
