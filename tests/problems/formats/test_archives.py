"""Tar archives: what is cut or damaged is told, also where tarfile would call it the end."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.archives import inner_archive, tar_archive, whole

CONTENT = b"x" * 700  # two blocks of 512 bytes, behind a header of one


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive of three files: headers at 0, 1536 and 3072."""
    path = tmp_path / "made.tar"
    with tarfile.open(path, "w") as archive:
        for name in "abc":
            info = tarfile.TarInfo(name)
            info.size = len(CONTENT)
            archive.addfile(info, io.BytesIO(CONTENT))
    return path


def names(path: Path, mode: str) -> list[str]:
    found = []
    with whole(path), tar_archive(path, mode) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None and file.read() == CONTENT
            found.append(member.name)
    return found


@pytest.mark.parametrize("mode", ["r", "r|*"])
def test_a_whole_archive_is_read(path: Path, mode: str) -> None:
    assert names(path, mode) == ["a", "b", "c"]


@pytest.mark.parametrize("mode", ["r", "r|*"])
@pytest.mark.parametrize("size", [100, 1800, 3100, 3300, 3700])
def test_a_cut_archive_is_refused_wherever_it_ends(path: Path, mode: str, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError) as caught:
        names(path, mode)
    assert caught.value.message.startswith(f"{path} is cut or damaged: ")
    assert caught.value.fix == "Get the file again."


@pytest.mark.parametrize("mode", ["r", "r|*"])
def test_a_damaged_header_is_not_the_end(path: Path, mode: str) -> None:
    content = bytearray(path.read_bytes())
    content[1536 + 148 : 1536 + 156] = b"9999999\0"  # its checksum
    path.write_bytes(content)
    with pytest.raises(UserError, match="made.tar is cut or damaged: invalid header"):
        names(path, mode)


def test_an_archive_within_another_is_read_as_strictly(path: Path) -> None:
    content = path.read_bytes()
    with inner_archive(io.BytesIO(content)) as archive:
        assert archive.getnames() == ["a", "b", "c"]
    with pytest.raises(tarfile.ReadError, match="^truncated header$"):
        inner_archive(io.BytesIO(content[:1800])).getnames()
