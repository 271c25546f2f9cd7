"""Tar archives that are whole: one that is cut or damaged is an error, wherever that shows."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from t2t_multimodel import UserError

_DAMAGED = (EOFError, gzip.BadGzipFile, tarfile.TarError, zlib.error)


class _Entry(tarfile.TarInfo):
    """An entry whose broken header is an error; `tarfile` takes it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Entry:
        try:
            return super().fromtarfile(archive)
        except (tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as error:
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


@contextmanager
def tar_archive(
    path: Path, mode: str = "r", file: IO[bytes] | None = None
) -> Iterator[tarfile.TarFile]:
    """An open tar archive.

    Args:
        path: of the archive, or of the one that it lies in.
        mode: as `tarfile.open` takes it.
        file: its content, where it is no file by itself.

    Raises:
        UserError: it is cut or damaged; also while it is read.
    """
    with whole(path):
        name = None if file else path
        with tarfile.open(name, mode, file, tarinfo=_Entry) as archive:  # type: ignore[call-overload]
            yield archive
