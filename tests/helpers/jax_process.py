"""Python on JAX, in a process of its own: Keras takes one backend a process."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
from conftest import ROOT

NEEDS_JAX = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed: pip install jax"
)
ROOMS = ("engines", "plan", "train")
"""Folders of tests whose modules a script may import."""
QUICK = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
"""Environment for models: compiled sooner, to slower code."""


def run_on_jax(source: str, *arguments: object, **environment: str) -> str:
    """What Python source prints that may import this checkout and its tests."""
    tests = ROOT / "tests"
    done = subprocess.run(
        [sys.executable, "-c", source, *map(str, arguments)],
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": os.pathsep.join(
                map(str, (ROOT, tests, *(tests / room for room in ROOMS)))
            ),
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
