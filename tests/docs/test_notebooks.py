"""The notebooks run from top to bottom, with few steps, and show what they promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOKS = ROOT / "docs/notebooks"
pytestmark = pytest.mark.filterwarnings("default")  # warnings of the kernel's packages


def executed(name: str, folder: Path, replaced: dict[str, str]) -> list[Any]:
    """Runs a notebook in a folder; the outputs of its code cells, cell after cell."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        for text, here in replaced.items():
            cell.source = cell.source.replace(text, here)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def shown(outputs: list[Any], kind: str) -> str:
    """What the outputs of a cell hold of a kind of content."""
    return "".join(one.data[kind] for one in outputs if kind in one.get("data", {}))


def printed(outputs: list[Any]) -> str:
    return "".join(one.text for one in outputs if one.output_type == "stream")


def test_no_notebook_is_stored_with_outputs() -> None:
    files = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [file.stem for file in files] == ["experts", "own_data"]
    for file in files:
        cells = nbformat.read(file, as_version=4).cells
        assert all(not cell.get("outputs") for cell in cells)


def test_own_data(tmp_path: Path) -> None:
    few = {
        '"train.steps": 300': '"train.steps": 2',
        '"train": 600, "dev": 60, "test": 120': '"train": 60, "dev": 12, "test": 12',
        '"model.hidden_size": 64': '"model.hidden_size": 16',
        '"model.moe.hidden": 64': '"model.moe.hidden": 16',
    }
    _, problem, examples, _, trained, asked = executed("own_data", tmp_path, few)
    assert "Pictures of three shapes to their names." in shown(problem, "text/html")
    assert shown(examples, "text/html").count('<img src="data:image/png;base64,') == 4
    assert "top1" in printed(trained)
    assert "Compiling; the first losses follow at step 2." in printed(trained)
    assert sorted(name for name in ("cross", "disc", "square") if name in str(asked)) == [
        "cross",
        "disc",
        "square",
    ]


def test_experts(tmp_path: Path) -> None:
    few = {"EXAMPLES = 16": "EXAMPLES = 2"}
    _, table, picture, overlap = executed("experts", tmp_path, few)
    assert len(printed(table).splitlines()) >= 8
    assert shown(picture, "image/png") and shown(overlap, "image/png")
