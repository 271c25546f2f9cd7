"""docs/checking.md: its commands run, and its test classes pass."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import ROOT, Outcome

from t2t_multimodel.bin import mm_problems
from t2t_multimodel.check.contract import CHECKS

TEXT = (ROOT / "docs" / "checking.md").read_text()
EXAMPLE = re.search(r"```python\n(from .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
LINES = [
    line
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]


def test_every_check_is_explained_in_order() -> None:
    assert re.findall(r"^\| ([a-z ]+) \| (?!holds)", TEXT, re.MULTILINE)[: len(CHECKS)] == [*CHECKS]


def test_the_test_classes_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        (tmp_path / f"test_{number}.py").write_text(block)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    # 13 checks, of which that of the workers is skipped; 7 of a layer; 4 of a net
    assert re.search(r"\n23 passed, 1 skipped", done.stdout), done.stdout


@pytest.mark.parametrize("line", [line for line in LINES if "my_digits" in line])
def test_the_commands_for_the_readmes_problem_run(
    line: str, tmp_path: Path, run_command: Callable[..., Outcome]
) -> None:
    here = tmp_path / "elsewhere"  # where run_command runs
    (here / "mine").mkdir(parents=True)
    assert EXAMPLE is not None
    (here / "mine/digits.py").write_text(EXAMPLE[1])
    draws = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 4)):
        (here / "wavs" / split).mkdir(parents=True)
        for n in range(count):
            sound = draws.normal(0, 0.1, 4000 + 200 * n)
            soundfile.write(here / f"wavs/{split}/{n % 10}_{n}.wav", sound, 8000)
    _, *arguments = shlex.split(line)
    done = run_command("mm_problems", *arguments)
    assert done.code == 0, done.err


@pytest.mark.parametrize("line", [line for line in LINES if "octet" in line])
def test_the_commands_for_the_octet_are_read_as_they_stand(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work itself is that of tests/inspect_page; the octet's vocabulary takes minutes."""
    calls = []
    monkeypatch.setattr(
        "t2t_multimodel.inspect_page.main.write_page", lambda *a, **k: calls.append((a, k))
    )
    monkeypatch.setattr("t2t_multimodel.quiet.import_tensorflow", lambda: None)
    _, *arguments = shlex.split(line)
    assert mm_problems.main(arguments) == 0
    ((names, *_), options) = calls[0]
    assert names == [one for one in arguments[1:] if not one.startswith("--")]
    assert options["model"] == (Path("octet") if "--model=octet" in arguments else None)
