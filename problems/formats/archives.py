"""Tar archives of which the end is known: one that is cut or damaged is an error."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from t2t_multimodel import UserError

_DAMAGED = (EOFError, gzip.BadGzipFile, tarfile.TarError, zlib.error)
_BROKEN = (
    tarfile.TruncatedHeaderError,  # type: ignore[attr-defined]
    tarfile.InvalidHeaderError,  # type: ignore[attr-defined]
)


class _Entry(tarfile.TarInfo):
    """An entry whose broken header is an error; `tarfile` takes it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Entry:
        try:
            return super().fromtarfile(archive)
        except _BROKEN as error:
            raise tarfile.ReadError(str(error)) from error


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turns what damaged archives and compressed files raise into `UserError`.

    Args:
        path: of the file, for the message.
    """
    try:
        yield
    except _DAMAGED as error:
        raise UserError(f"{path} is cut or damaged: {error}.", fix="Get the file again.") from error


def tar_archive(path: Path, mode: str = "r") -> tarfile.TarFile:
    """An open tar archive, to be closed. Raises `tarfile.ReadError` where it is cut or damaged.

    Args:
        path: of the archive.
        mode: as `tarfile.open` takes it.
    """
    return tarfile.open(path, mode, tarinfo=_Entry)  # type: ignore[call-overload]


def inner_archive(file: IO[bytes]) -> tarfile.TarFile:
    """The same of an archive that lies in another one."""
    return tarfile.open(fileobj=file, tarinfo=_Entry)


def contents(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """The bytes of a member that is a file."""
    file = archive.extractfile(member)
    assert file is not None, f"{member.name} is no file"
    return file.read()


def wanted_files(
    archive: tarfile.TarFile, top: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of the files whose name, less `top`, `wanted` accepts; in their order.

    Memory holds one file at a time.
    """
    for member in archive:
        name = member.name.removeprefix(top)
        if member.isfile() and wanted(name):
            yield name, contents(archive, member)
