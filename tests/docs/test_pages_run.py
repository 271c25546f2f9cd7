"""The blocks of every page run as they stand, top to bottom, in one folder and one Python."""

from __future__ import annotations

import configparser
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from helpers.doc_blocks import Block, blocks_of
from helpers.doc_pages import PAGES, Stage
from helpers.finished_run import TASKS, Run, forget_small_tasks
from helpers.running_server import Server
from helpers.warm_shell import WarmShell

import t2t_multimodel as mm
from t2t_multimodel import usr_dir

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Files that a page's own lines leave open are closed when they are collected, at any time."""
MORE_TASKS = TASKS.with_name("doc_tasks.py")


class Session:
    """The folder, the shell and the names of Python that the blocks of one page share."""

    def __init__(self, folder: Path, stage: Stage, stack: ExitStack) -> None:
        self.folder = folder
        self.stage = stage
        self.space: dict[str, Any] = {"__name__": "__main__"}
        self._stack = stack
        self._servers: list[Server] = []
        others = {
            "mm-serve": self._serve,
            "pip": self._pip,
            "tensorboard": self._tensorboard,
            "python": self._python,
        }
        self.shell = WarmShell(folder, stage.words, others)
        stack.callback(self.shell.close)

    def run(self, block: Block, next_one: Block | None) -> None:
        """Writes the file that a block is, or runs it; one that fails must say the next one."""
        text = self.stage.changed(block.text)
        if block.file:
            file = self.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as opened:
                opened.write(text)
        elif block.code:
            said = self.shell(text, block.code).splitlines()
            assert next_one is not None and next_one.language == "text"
            assert [line for line in next_one.text.splitlines() if line not in said] == []
        elif block.language == "python":
            exec(compile(text, str(block), "exec"), self.space)
        else:
            self.shell(self._with_port(text))

    def _with_port(self, text: str) -> str:
        port = self._servers[-1].port if self._servers else 0
        return text.replace("localhost:8000", f"localhost:{port}")

    def _serve(self, words: list[str]) -> int:
        """A server as mm-serve starts it, but on a free port and behind the shell's back."""
        from t2t_multimodel.bin import mm_serve
        from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
        from t2t_multimodel.serve.app import app
        from t2t_multimodel.serve.limits import Limits
        from t2t_multimodel.serve.service import Service

        values, _ = mm_serve.COMMAND._parse(words)
        checkpoint = open_checkpoint(values.output_dir)
        service = Service(checkpoint, checkpoint.problems(values.problems), beam_size=4)
        self._servers.append(Server(service, app(service, Limits())))
        self._stack.callback(self._servers[-1].stop)
        return 0

    def _pip(self, words: list[str]) -> int:
        """Installs nothing; the extra must be one that there is."""
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg")
        extras = re.findall(r"\[(\w+)\]", " ".join(words))
        return 0 if all(one in setup["options.extras_require"] for one in extras) else 1

    def _python(self, words: list[str]) -> int:
        """Runs no tests within a test."""
        return 0 if words[:2] == ["-m", "pytest"] else 1

    def _tensorboard(self, words: list[str]) -> int:
        """Shows nothing; the folder must be there."""
        return 0 if Path(words[0].removeprefix("--logdir=")).is_dir() else 1


@pytest.fixture
def session(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Stage], Session]]:
    """Opens a session in a folder with a trained run and the records that it was trained on."""
    forget_small_tasks()
    sys.modules.pop(usr_dir._module_name(MORE_TASKS), None)
    mm.add_usr_dir(TASKS)
    mm.add_usr_dir(MORE_TASKS)
    shutil.copytree(run.folder, tmp_path / "runs/octet_quick", symlinks=True)
    shutil.copytree(run.data_dir, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:

        def open_session(stage: Stage) -> Session:
            stage.prepare(tmp_path)
            return Session(tmp_path, stage, stack)

        yield open_session


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page: str, session: Callable[[Stage], Session]) -> None:
    stage = PAGES[page]
    opened = session(stage)
    found = blocks_of(page)
    assert any(block.runs for block in found)
    for block, next_one in zip_longest(found, found[1:]):
        if block.runs:
            opened.run(block, next_one)
    stage.check(opened.folder, opened.space)
