"""The table at the end of training, and its file."""

from __future__ import annotations

import json

import pytest
from helpers.finished_run import Run

from t2t_multimodel.data.realised import Realised
from t2t_multimodel.runs.mixture_report import print_mixture


def test_the_run_folder_says_what_each_problem_got(run: Run) -> None:
    record = json.loads((run.folder / "mixture.json").read_text())
    assert record["steps"] == 90
    assert [row["problem"] for row in record["problems"]] == list(run.prepared)
    for row in record["problems"]:
        assert (row["asked"], row["batches"], row["train_examples"]) == (90, 90, 60)
        assert row["epochs"] == row["examples"] / 60
    labels = next(row for row in record["problems"] if row["problem"] == "made_colours")
    assert (labels["inputs"], labels["targets"]) == (16 * labels["examples"], labels["examples"])
    lines = (run.folder / "scalars.jsonl").read_text().splitlines()
    scalars = [json.loads(line) for line in lines if "mixture/epochs" in line]
    assert {30, 60, 90} <= {line["step"] for line in scalars}  # and where a best was saved
    assert scalars[-1]["made_tones/mixture/share"] == 0.25
    assert scalars[-1]["made_tones/mixture/batches"] == 90


def test_the_table_compares_shares(capsys: pytest.CaptureFixture[str]) -> None:
    print_mixture(
        [
            Realised("octet_ende", 75.0, 74, 300, 5000, 6000, 100),
            Realised("octet_image", 25.0, 26, 100, 78400, 100, 1000),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "The mixture: share asked for; shares of batches, examples, target tokens.",
        "problem      asked  batches  examples  targets  epochs",
        "octet_ende   75.0%    74.0%     75.0%    98.4%    3.00",
        "octet_image  25.0%    26.0%     25.0%     1.6%    0.10",
    ]
