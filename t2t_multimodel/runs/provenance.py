"""Records what a run was made with: command, code, packages, machine."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from t2t_multimodel.cores import cores

PACKAGES = (
    "t2t-multimodel",
    "tensorflow",
    "jax",
    "keras",
    "numpy",
    "sentencepiece",
    "pillow",
    "scipy",
    "soundfile",
    "gin-config",
)
"""The versions of these packages may change what is learned."""


def session() -> dict[str, Any]:
    """One start of the trainer, JSON-able."""
    import keras  # a command that only reads a run does without Keras

    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": sys.argv,
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}, {cores()} cores",
        "backend": keras.backend.backend(),
        "git": git_state(Path(__file__).parent),
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit and uncommitted changes of the checkout that holds a folder.

    None where it is not part of one (an installed package), or where there is no git.
    """
    if _git(folder, "ls-files", "--error-unmatch", ".") is None:
        return None  # it is in no checkout, or in one that does not track it
    commit, changes = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain")
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "changed": [line[3:] for line in changes.splitlines()]}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
