"""Imports flow one way: from the commands down to errors, never up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import t2t_multimodel

ORDER = (
    "__version__",
    "errors",
    "types",
    "storage",
    "side_files",
    "cores",
    "free_memory",
    "quiet",
    "terminal",
    "shipped",
    "_checkout",
    "_scan",
    "own_modules",
    "user_code",
    "usr_dir",
    "gin_bindings",
    "raw_files",
    "registry",
    "config",
    "vocabulary",
    "features",
    "problem",
    "problems",
    "sources",
    "overrides",
    "backend",
    "data",
    "layers",
    "modalities",
    "body",
    "t2t",
    "nets",
    "multimodel",
    "losses",
    "engines",
    "checkpoints",
    "metrics",
    "check",
    "decode",
    "baselines",
    "evaluate",
    "plan",
    "runs",
    "train",
    "tasks",
    "export",
    "serve",
    "report",
    "api",
    "_called",
    "inspect_page",
    "testing",
    "paper",
    "bin",
)
"""Each package and module of the top level, one rank each: it imports what stands before it."""
RANK_OF = {name: rank for rank, name in enumerate(ORDER)}

_FILES = sorted((ROOT / "t2t_multimodel").rglob("*.py")) + sorted((ROOT / "bin").glob("*.py"))
_FILES.remove(ROOT / "t2t_multimodel" / "__init__.py")  # the public names, loaded on demand
_PUBLIC_USERS = sorted((ROOT / "problems").rglob("*.py")) + sorted((ROOT / "hparams").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Each dotted name of ours that a file imports, imports inside functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "t2t_multimodel")


def part(path: Path) -> str:
    """The part of the package that a file belongs to: `data` for t2t_multimodel/data/vocab.py."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    return inside[1] if inside[0] == "t2t_multimodel" else inside[0]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_nothing_above_it(path: Path) -> None:
    own = RANK_OF[part(path)]
    for name in imported(path):
        other = name.split(".")[1]
        if other in t2t_multimodel.__all__:
            other = t2t_multimodel._HOME_OF[other]
        assert RANK_OF[other] <= own, f"{path} imports {name}"


@pytest.mark.parametrize("path", _PUBLIC_USERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_built_in_problems_and_sets_use_the_public_interface_alone(path: Path) -> None:
    for name in imported(path):
        first = name.split(".")[1]
        assert first == part(path) or first in t2t_multimodel.__all__, f"{path} imports {name}"
