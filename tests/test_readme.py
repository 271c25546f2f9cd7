"""What the README says is true; `tests/docs/test_pages_run.py` runs its blocks."""

from __future__ import annotations

import importlib
import re
import shlex

import pytest
from conftest import ROOT

TEXT = (ROOT / "README.md").read_text()
LINES = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
INLINE = re.findall(r"`(mm-[^`]+)`", TEXT)


def test_the_readme_is_short() -> None:
    assert len(TEXT.splitlines()) < 150


def test_the_continuous_integration_runs_the_two_installations_and_the_main_command() -> None:
    script = (ROOT / ".ci/run").read_text()
    for line in LINES:
        if line.startswith("pip install"):
            assert f'readme "{line}"' in script


@pytest.mark.parametrize("line", INLINE)
def test_every_command_in_a_sentence_names_flags_that_exist(line: str) -> None:
    name, *words = shlex.split(line)
    command = importlib.import_module(f"t2t_multimodel.bin.{name.replace('-', '_')}").COMMAND
    flags = [word[2:].partition("=")[0] for word in words if word.startswith("--")]
    assert [flag for flag in flags if flag not in command.flag_names()] == []
