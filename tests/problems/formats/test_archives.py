"""Tar archives: what is cut or damaged is told, also where tarfile would call it the end."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.archives import (
    contents,
    inner_archive,
    member_contents,
    opened,
    tar_archive,
    tar_files,
    whole,
    zip_archive,
    zip_contents,
)

Names = Callable[[Path], list[str]]
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


def names_in_stream(path: Path) -> list[str]:
    found = []
    for name, file in tar_files(path):
        assert contents(file, name) == CONTENT
        found.append(name)
    return found


def names_by_place(path: Path) -> list[str]:
    found = []
    with whole(path), tar_archive(path) as archive:
        for member in archive:
            assert member_contents(archive, member) == CONTENT
            found.append(member.name)
    return found


@pytest.mark.parametrize("names", [names_in_stream, names_by_place])
def test_a_whole_archive_is_read(path: Path, names: Names) -> None:
    assert names(path) == ["a", "b", "c"]


@pytest.mark.parametrize("names", [names_in_stream, names_by_place])
@pytest.mark.parametrize("size", [100, 1800, 3100, 3300, 3700])
def test_a_cut_archive_is_refused_wherever_it_ends(path: Path, names: Names, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError) as caught:
        names(path)
    assert caught.value.message.startswith(f"{path} is cut or damaged: ")
    assert caught.value.fix == "Get the file again."


@pytest.mark.parametrize("names", [names_in_stream, names_by_place])
def test_a_damaged_header_is_not_the_end(path: Path, names: Names) -> None:
    content = bytearray(path.read_bytes())
    content[1536 + 148 : 1536 + 156] = b"9999999\0"  # its checksum
    path.write_bytes(content)
    with pytest.raises(UserError, match="made.tar is cut or damaged: invalid header"):
        names(path)


def test_an_archive_within_another_is_read_as_strictly(path: Path) -> None:
    content = path.read_bytes()
    with inner_archive(io.BytesIO(content)) as archive:
        assert archive.getnames() == ["a", "b", "c"]
    with pytest.raises(tarfile.ReadError, match="^truncated header$"):
        inner_archive(io.BytesIO(content[:1800])).getnames()


def test_an_archive_that_ends_without_a_mark_is_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 2 * 1536])  # two whole files, and the third is missing
    for names in (names_in_stream, names_by_place):
        with pytest.raises(UserError, match="made.tar is cut or damaged: "):
            names(path)


def test_what_lies_behind_the_mark_of_the_end_is_told(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[1536:2048] = bytes(512)  # the second header: now it looks like the end
    path.write_bytes(content)
    with pytest.raises(UserError, match="there is something behind its end"):
        names_in_stream(path)


def test_hidden_files_are_not_data(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("a", "._a", "__MACOSX/a", "./b", ".git/c"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    assert [name for name, _ in tar_files(tmp_path / "x.tar")] == ["a", "./b"]


PACKERS = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lzma.compress,
}


@pytest.mark.parametrize("way", PACKERS)
def test_a_single_flipped_bit_is_told_or_changes_nothing(
    path: Path, tmp_path: Path, way: str
) -> None:
    """Also if only the first of three files is wanted."""
    packed = PACKERS[way](path.read_bytes())
    draws, told = random.Random(0), 0
    for _ in range(150):
        damaged = bytearray(packed)
        place = draws.randrange(8 * len(packed))
        damaged[place // 8] ^= 1 << place % 8
        file = tmp_path / f"x.tar.{way}"
        file.write_bytes(damaged)
        try:
            found = [contents(one, name) for name, one in tar_files(file) if name == "a"]
        except UserError as error:
            assert error.message.startswith(f"{file} is cut or damaged: ")
            told += 1
        else:
            assert found == [CONTENT]
    assert told > 130


@pytest.mark.parametrize("way", PACKERS)
def test_a_packed_file_is_unpacked_by_its_name_or_its_first_bytes(tmp_path: Path, way: str) -> None:
    for name in (f"text.{way}", "text"):
        (tmp_path / name).write_bytes(PACKERS[way](b"content"))
        with opened(tmp_path / name) as file:
            assert file.read() == b"content"


def test_a_file_of_another_kind_or_none_is_told(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x.gz").write_bytes(b"<html>")
    (tmp_path / "x.tar").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99))
    for name, why in (
        ("pipe", "it is a pipe, not a file"),
        ("gone", "No such file or directory"),
        ("x.gz", "Not a gzipped file (b'<h')"),
        ("x.tar", "it is packed by zstd, which is not read: pack it with xz or gzip"),
    ):
        with pytest.raises(UserError) as caught, opened(tmp_path / name) as file:
            file.read()
        assert caught.value.message == f"{tmp_path / name} is cut or damaged: {why}."


def zipped(path: Path, at: int, value: int) -> zipfile.ZipFile:
    """A zip archive of one file, a field of both of its headers set."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", CONTENT)
    data = bytearray(path.read_bytes())
    for mark, more in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        struct.pack_into("<H", data, data.find(mark) + at + more, value)
    path.write_bytes(data)
    return zip_archive(path)


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (8, 0, None),
        (8, 9, "x.zip: That compression method is not supported; unpack it into a folder beside"),
        (6, 1, "x.zip: File 'a' is encrypted, password required for extraction; unpack it"),
        (14, 7, "x.zip is damaged: Bad CRC-32 for file 'a'"),
    ],
)
def test_a_file_in_a_zip_is_read_or_told(
    tmp_path: Path, at: int, value: int, reason: str | None
) -> None:
    found = zip_contents(zipped(tmp_path / "x.zip", at, value), "a")
    if reason is None:
        assert found == CONTENT
    else:
        assert isinstance(found, BadValue)
        assert str(found).startswith(reason)


def test_a_file_that_a_zip_does_not_hold_is_named(tmp_path: Path) -> None:
    found = zip_contents(zipped(tmp_path / "x.zip", 8, 0), "b")
    assert str(found) == "x.zip holds no b"
    (tmp_path / "y.zip").write_bytes(b"no zip")
    with pytest.raises(UserError, match="y.zip is no zip file: File is not a zip file"):
        zip_archive(tmp_path / "y.zip")
