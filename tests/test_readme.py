"""What the README says is true: its example and its commands are run as they stand there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import ROOT, Outcome

TEXT = (ROOT / "README.md").read_text()
EXAMPLE = re.search(r"```python\n(from .*?)```", TEXT, re.DOTALL)[1]  # type: ignore[index]
LINES = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
INLINE = re.findall(r"`(mm-[^`]+)`", TEXT)
COMMANDS = [line.rpartition("&& ")[2] for line in LINES]


def command(start: str) -> tuple[str, list[str]]:
    """The one command of the README that begins so: its module and its flags."""
    (line,) = [line for line in COMMANDS if line.startswith(start)]
    name, *flags = shlex.split(line)
    return name.replace("-", "_"), flags


def test_the_readme_is_short() -> None:
    assert len(TEXT.splitlines()) < 150


def test_the_continuous_integration_runs_the_two_installations_and_the_main_command() -> None:
    script = (ROOT / ".ci/run").read_text()
    for line in LINES:
        if line.startswith("pip install"):
            assert f'readme "{line}"' in script


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("mm-")] + INLINE)
def test_every_command_names_flags_that_exist(
    line: str, run_command: Callable[..., Outcome]
) -> None:
    name, *flags = shlex.split(line)
    shown = run_command(name.replace("-", "_"), "--help").out
    for flag in flags:
        if flag.startswith("--"):
            assert flag.partition("=")[0] in shown


def test_the_example_task_trains_beside_a_built_in_one(
    tmp_path: Path, run_command: Callable[..., Outcome]
) -> None:
    here = tmp_path / "elsewhere"  # where run_command runs
    (here / "mine").mkdir(parents=True)
    (here / "mine/digits.py").write_text(EXAMPLE)
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 4)):
        (here / "wavs" / split).mkdir(parents=True)
        for n in range(count):
            sound = rng.normal(0, 0.1, 4000 + 200 * n)
            soundfile.write(here / f"wavs/{split}/{n % 10}_{n}.wav", sound, 8000)
    module, flags = command("mm-trainer --usr_dir=mine")
    short = "train.log_steps=1,evaluate.final_examples=8,evaluate.decode_examples=2"
    trained = run_command(module, *flags, "--train_steps=2", f"--hparams={short}")
    assert trained.code == 0, trained.err
    assert "my_digits train: 12 examples" in trained.out
    assert (here / "runs/mine/results.json").is_file()
