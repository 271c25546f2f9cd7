"""`mm-paper all --scale=smoke` on real data, with an arm or two of each table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from t2t_multimodel.bin import mm_paper
from t2t_multimodel.paper.scales import SCALES

ARMS = ("joint", "single_updates_octet_parse", "all_blocks", "no_attention", "affinity")


def test_arms_of_every_table_train_and_stand_on_one_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["all", "--scale=smoke", f"--arms={','.join(ARMS)}", f"--output_dir={tmp_path}"]
    assert mm_paper.main([*command, f"--data_dir={tmp_path / 'data'}"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{len(ARMS)} runs, of which 0 are finished."
    assert said[-1] == f"Page: {tmp_path}/all.html and {tmp_path}/all.md"
    assert any("On octet_image one model for all reaches at least 0.753" in line for line in said)
    assert "not trained yet: Experts help on octet_parse." in said

    assert {file.name for file in (tmp_path / "runs").glob("*.json")} == {
        f"{arm}-seed0.json" for arm in ARMS
    }
    seconds = {
        arm: json.loads((tmp_path / "runs" / f"{arm}-seed0.json").read_text())["cpu_seconds"]
        for arm in ARMS
    }
    assert min(seconds.values()) > 0
    html, page = (tmp_path / "all.html").read_text(), (tmp_path / "all.md").read_text()
    assert SCALES["smoke"].caution in page
    headings = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        "What holds",
        "How to read it",
        "Table 1: one model beside the best of each problem",
        "Table 2: joint against single",
        "Table 3: small problems alone and with others",
        "Table 4: which blocks matter where",
        "Affinity: what a step on one problem does to another",
        "Experts: which of them serve which problem",
        "How it was made",
    ]
    assert html.count("data:image/png") >= 6  # tables 1, 2 and 4, affinity twice, experts
    assert "| a step on octet\\_image |" in page or "| a step on octet_image |" in page
