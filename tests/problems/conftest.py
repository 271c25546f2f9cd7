"""The vendored data, read once for all tests, and packages made for a test."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel.problems.twins import tiny_packages
from t2t_multimodel.registry import problems

Examples = Callable[[str, str], list[dict[str, Any]]]


@functools.cache
def _read(name: str, split: str) -> list[dict[str, Any]]:
    return list(problems.get(name)().examples(split, None))


@pytest.fixture(scope="session")
def examples() -> Examples:
    """`examples("octet_ende", "test")`: the examples of a split, in order."""
    return _read


@pytest.fixture
def write_deb(tmp_path: Path) -> Callable[..., Path]:
    """`write_deb("x_1_all.deb", {"./usr/a": b"..."})`: a Debian package with these files."""

    def write(name: str, files: dict[str, bytes], compression: str = "xz") -> Path:
        tiny_packages.write_deb(tmp_path / name, files, compression)
        return tmp_path / name

    return write


@pytest.fixture
def write_npm(tmp_path: Path) -> Callable[[str, dict[str, bytes]], Path]:
    """`write_npm("x-1.0.0.tgz", {"a.json": b"{}"})`: an npm package with these files."""

    def write(name: str, files: dict[str, bytes]) -> Path:
        tiny_packages.write_npm(tmp_path / name, files)
        return tmp_path / name

    return write
