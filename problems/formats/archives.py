"""The one opener of archives and packed files: each is read to its end and checked on the way.

gzip, xz and bzip2 have a checksum behind the content, which counts for nothing until it is reached:
so whoever asks for one file of a `.tgz` has all of it read, and a single flipped bit is told. Tar
has a checksum for each header and a mark at its end, zip one for each file.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from t2t_multimodel import BadValue, UserError, foreign, open_raw
from t2t_multimodel.problems.formats.folder import is_data

MOST_BYTES = 1 << 30
"""Of one file that is held in memory: a small archive may unpack to any size."""
_BLOCK = 1 << 18
_PACKERS = {b"\x1f\x8b": "gz", b"\xfd7zXZ\x00": "xz", b"BZh": "bz2"}
_SUFFIXES = {"gz": "gz", "tgz": "gz", "xz": "xz", "txz": "xz", "bz2": "bz2", "tbz2": "bz2"}
_ZSTD = b"\x28\xb5\x2f\xfd"
_BROKEN = (
    tarfile.EmptyHeaderError,  # type: ignore[attr-defined]
    tarfile.TruncatedHeaderError,  # type: ignore[attr-defined]
    tarfile.InvalidHeaderError,  # type: ignore[attr-defined]
)


class _Entry(tarfile.TarInfo):
    """An entry whose broken header is an error, and so is an end without a mark.

    `tarfile` takes both for the end of the archive.
    """

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Entry:
        try:
            return super().fromtarfile(archive)
        except _BROKEN as error:
            raise tarfile.ReadError(str(error)) from error


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Whatever reading a damaged file raises becomes a `UserError` that names it.

    Args:
        path: of the file, for the message.
    """
    with foreign(lambda why: UserError(f"{path} is cut or damaged: {why}.", "Get the file again.")):
        yield


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file's content, unpacked, and read to its end when the block is left without an error.

    Raises:
        UserError: the file is missing, cut or damaged, or is no regular file.
    """
    with whole(path), open_raw(path) as raw, unpacked(raw, path.name) as file:
        yield file


@contextmanager
def unpacked(raw: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The content of a file that is open, by its name or else by its first bytes.

    What is left is read when the block ends, so that the checksum behind it is compared.
    """
    begin = cast(io.BufferedReader, raw).peek(6)  # files in a stream can not go back
    if begin.startswith(_ZSTD):
        raise ValueError("it is packed by zstd, which is not read: pack it with xz or gzip")
    by_magic = next((way for magic, way in _PACKERS.items() if begin.startswith(magic)), "")
    way = _SUFFIXES.get(name.rpartition(".")[2], by_magic)
    openers = {"gz": gzip.GzipFile, "bz2": bz2.BZ2File, "xz": lzma.LZMAFile}
    file: BinaryIO = raw
    if way == "gz":
        file = cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb"))
    elif way:
        file = cast(BinaryIO, openers[way](raw))
    yield file
    while file.read(_BLOCK):
        pass


def tar_files(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, open file) of the files in a tar archive, packed or not, in their order.

    Hidden ones are left out. Each is read, if at all, before the next one is asked for; memory
    holds none.

    Raises:
        UserError: the archive is cut or damaged.
    """
    with opened(path) as file:
        for name, contents in files_of_tar(file):
            told = cast(io.RawIOBase, _Told(contents, path))
            yield name, io.BufferedReader(told, _BLOCK)


class _Told(io.RawIOBase):
    """A file in an archive, whose reader is told of damage as `whole` tells it."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        with whole(self._path):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def files_of_tar(file: BinaryIO) -> Iterator[tuple[str, IO[bytes]]]:
    """The same of a tar archive that is open, which is read to its end."""
    with tarfile.open(fileobj=file, mode="r|", tarinfo=_Entry, bufsize=_BLOCK) as archive:
        for member in archive:
            if member.isfile() and is_data(member.name):
                contents = archive.extractfile(member)
                assert contents is not None  # it is a file
                yield member.name, contents
            archive.members.clear()  # type: ignore[attr-defined]  # else it keeps every header
        rest = archive.fileobj
        while rest is not None and (block := rest.read(_BLOCK)):
            if block.strip(b"\0"):
                raise tarfile.ReadError("there is something behind its end")


def wanted_files(
    files: Iterator[tuple[str, IO[bytes]]], top: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of the files whose name, less `top`, `wanted` accepts; in their order.

    Memory holds one file at a time.
    """
    for full, file in files:
        name = full.removeprefix(top)
        if wanted(name):
            yield name, contents(file, name)


def contents(file: IO[bytes], name: str) -> bytes:
    """All bytes of a file.

    Raises:
        ValueError: it is larger than `MOST_BYTES`.
    """
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} has more than {MOST_BYTES:,} bytes")
    return data


def tar_archive(path: Path) -> tarfile.TarFile:
    """A tar archive whose files are asked for by name, to be closed; not packed.

    For archives too large to be read for one file of them. Raises `tarfile.ReadError` where it is
    cut or damaged.
    """
    open_raw(path).close()  # which refuses what is no file
    return tarfile.open(path, mode="r:", tarinfo=_Entry)


def inner_archive(file: IO[bytes]) -> tarfile.TarFile:
    """The same of an archive that lies in another one."""
    return tarfile.open(fileobj=file, mode="r:", tarinfo=_Entry)


def member_contents(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """The bytes of a file in an archive that is open."""
    file = archive.extractfile(member)
    assert file is not None, f"{member.name} is no file"
    return contents(file, member.name)


def zip_archive(path: Path) -> zipfile.ZipFile:
    """A zip archive, open, of which `zip_contents` reads.

    Raises:
        UserError: it is none.
    """
    with foreign(lambda why: UserError(f"{path} is no zip file: {why}.", "Get the file again.")):
        open_raw(path).close()
        return zipfile.ZipFile(path)


def zip_contents(archive: zipfile.ZipFile, name: str) -> bytes | BadValue:
    """The bytes of a file in a zip archive, or why they can not be had."""
    place = Path(str(archive.filename)).name
    if name not in archive.NameToInfo:
        return BadValue(f"{place} holds no {name}")
    if archive.getinfo(name).file_size > MOST_BYTES:
        return BadValue(f"{place}: {name} has more than {MOST_BYTES:,} bytes")
    try:
        with foreign(BadValue):
            return archive.read(name)
    except BadValue as error:
        # the way in which it is packed, or a password: another program can unpack it
        if isinstance(error.__cause__, (NotImplementedError, RuntimeError)):
            return BadValue(f"{place}: {error}; unpack it into a folder beside it")
        return BadValue(f"{place} is damaged: {error}")
