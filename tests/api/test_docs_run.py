"""The blocks of the guides for Python run, top to bottom, on the made tasks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from helpers.finished_run import TASKS, Run, forget_small_tasks
from PIL import Image

import t2t_multimodel as mm

STANDS_FOR = {
    '"runs/octet_quick"': '"RUN"',
    "octet_ende": "made_numbers",
    "octet_image": "made_colours",
    '"octet_quick"': '"made_tiny"',
    '"train.steps": 500': '"train.steps": 2',
}
"""Names of the guides, and those of the tests that take their place."""


def blocks(guide: str) -> list[str]:
    """The blocks of Python of a page, with the names of the tests."""
    text = (ROOT / guide).read_text()
    found = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for name, here in STANDS_FOR.items():
        found = [block.replace(name, here) for block in found]
    return found


@pytest.mark.parametrize(("guide", "count"), [("docs/python.md", 6), ("docs/decoder.md", 1)])
def test_every_block_runs(
    guide: str, count: int, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_small_tasks()
    mm.add_usr_dir(TASKS)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").symlink_to(run.folder)
    (tmp_path / "data").symlink_to(run.data_dir)
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save("shoe.png")
    space: dict[str, Any] = {"__name__": "__main__"}
    found = blocks(guide)
    assert len(found) == count
    for block in found:
        exec(compile(block, guide, "exec"), space)
