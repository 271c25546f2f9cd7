"""Mistakes end the command at once, with a message and without a traceback."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from bench.specialists.__main__ import main


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--problems=octet_emde"], "No problem is named 'octet_emde'."),
        (["--problems=octet_caption"], "Problem 'octet_caption' has no specialist: "),
        (["--settings=cnn.depth=3"], "No setting of cnn is named 'depth'."),
        (["--cpu_seconds=-1"], "--cpu_seconds=-1: expected 0 or more."),
        (["--beam_size=0"], "--beam_size=0: expected 1 or more."),
    ],
)
def test_a_flag_that_can_not_be_followed(
    flags: list[str], message: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(flags) == 2
    assert capsys.readouterr().err.startswith(message)


def test_without_pytorch_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main([]) == 2
    assert capsys.readouterr().err == (
        "The specialists are trained by PyTorch, which is not installed.\n"
        "pip install '.[specialists]'\n"
    )


def test_what_a_specialist_reads_needs_no_tensorflow_and_no_data_code(
    run_python: Callable,
) -> None:
    names = ("batches", "budget", "records", "settings")
    done = run_python("\n".join(f"import bench.specialists.{name}" for name in names))
    assert done.code == 0, done.err
    for name in ("tensorflow", "keras", "t2t_multimodel.data", "t2t_multimodel.features"):
        assert name not in done.modules
