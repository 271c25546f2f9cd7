"""The page under docs/results says what the records beside it say, and README what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel.bin import mm_paper

RESULTS = ROOT / "docs" / "results"
PROBLEMS = [
    f"octet_{name}"
    for name in ("image", "caption", "speech", "parse", "ende", "deen", "enfr", "frde")
]


def test_the_page_and_its_drawings_are_those_of_the_records(tmp_path: Path) -> None:
    records = sorted((RESULTS / "runs").glob("*.json"))
    shutil.copytree(RESULTS / "runs", tmp_path / "runs")
    seeds = 1 + max(int(file.stem.rpartition("seed")[2]) for file in records)
    expected = {file.name for file in RESULTS.glob("*.png")}
    (tmp_path / f"all-{len(expected) + 1}.png").touch()  # as of an earlier, longer page
    flags = ["--page_only", f"--seeds={seeds}", f"--output_dir={tmp_path}"]
    assert mm_paper.main(["all", "--scale=cpu", *flags]) == 0
    assert (tmp_path / "all.md").read_text() == (RESULTS / "all.md").read_text()
    assert {file.name for file in tmp_path.glob("*.png")} == expected != set()


def compared() -> dict[str, list[str]]:
    """Problem -> the cells of its first line of table 2: joint against alone."""
    table = (RESULTS / "all.md").read_text().partition("## Table 2")[2]
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if cells[0] in PROBLEMS and cells[3:6:2] == ["joint", f"single_updates_{cells[0]}"]:
            found.setdefault(cells[0], cells)
    return found


@pytest.mark.parametrize(("name", "column"), [("alone", 6), ("joint", 4), ("change", 7)])
def test_table_2_of_the_readme_is_that_of_the_page(name: str, column: int) -> None:
    cells = [compared()[problem][column] for problem in PROBLEMS]
    shown = [f"{float(cell):.3f}".removeprefix("0") if column < 7 else cell for cell in cells]
    row = f"| {name} | " + " | ".join(shown) + " |"
    assert row in (ROOT / "README.md").read_text().splitlines()


def test_the_readme_says_how_many_seeds_there_are() -> None:
    seeds = {file.stem.rpartition("seed")[2] for file in (RESULTS / "runs").glob("joint-*.json")}
    words = {1: "one seed so far", 2: "two seeds so far", 3: "means of three seeds"}
    assert words[len(seeds)] in (ROOT / "README.md").read_text()


def test_every_change_in_the_words_of_the_readme_is_on_the_page() -> None:
    text = (ROOT / "README.md").read_text().partition("## What the paper claims")[2]
    (words,) = (part for part in text.split("\n\n") if part.startswith("As in the paper"))
    changes = re.findall(r"[-+][\d.]+%", words)
    page = (RESULTS / "all.md").read_text()
    assert changes and [one for one in changes if f"| {one} |" not in page] == []
