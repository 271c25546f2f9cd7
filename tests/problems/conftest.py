"""The vendored data, read once for all tests, and packages made for a test."""

from __future__ import annotations

import functools
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel.registry import problems

Examples = Callable[[str, str], list[dict[str, Any]]]


@functools.cache
def _read(name: str, split: str) -> list[dict[str, Any]]:
    return list(problems.get(name)().examples(split, None))


@pytest.fixture(scope="session")
def examples() -> Examples:
    """`examples("octet_ende", "test")`: the examples of a split, in order."""
    return _read


def tar(files: dict[str, bytes], compression: str) -> bytes:
    """A compressed tar archive of the files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        for name, contents in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return buffer.getvalue()


def ar_member(name: str, contents: bytes) -> bytes:
    """A member of an ar archive, padded to even length."""
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(contents):<10}`\n".encode()
    return header + contents + b"\n" * (len(contents) % 2)


@pytest.fixture
def write_deb(tmp_path: Path) -> Callable[..., Path]:
    """`write_deb("x_1_all.deb", {"./usr/a": b"..."})`: a Debian package with these files."""

    def write(name: str, files: dict[str, bytes], compression: str = "xz") -> Path:
        control = tar({"./control": b"Package: x"}, "gz")
        path = tmp_path / name
        path.write_bytes(
            b"!<arch>\n"
            + ar_member("debian-binary", b"2.0\n")
            + ar_member("control.tar.gz", control + b"\0" * (1 - len(control) % 2))  # odd length
            + ar_member(f"data.tar.{compression}", tar(files, compression))
        )
        return path

    return write


@pytest.fixture
def write_npm(tmp_path: Path) -> Callable[[str, dict[str, bytes]], Path]:
    """`write_npm("x-1.0.0.tgz", {"a.json": b"{}"})`: an npm package with these files."""

    def write(name: str, files: dict[str, bytes]) -> Path:
        path = tmp_path / name
        path.write_bytes(tar({f"package/{file}": files[file] for file in files}, "gz"))
        return path

    return write
