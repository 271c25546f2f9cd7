"""The page under docs/results says what the records of runs beside it say."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import ROOT

from t2t_multimodel.bin import mm_paper

RESULTS = ROOT / "docs" / "results"


def test_the_page_is_that_of_the_records(tmp_path: Path) -> None:
    records = sorted((RESULTS / "runs").glob("*.json"))
    page = RESULTS / "all.md"
    assert page.is_file() == bool(records)
    if records:
        shutil.copytree(RESULTS / "runs", tmp_path / "runs")
        seeds = 1 + max(int(file.stem.rpartition("seed")[2]) for file in records)
        flags = ["--page_only", f"--seeds={seeds}", f"--output_dir={tmp_path}"]
        assert mm_paper.main(["all", "--scale=cpu", *flags]) == 0
        assert (tmp_path / "all.md").read_text() == page.read_text()
