"""Files in tar archives."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator


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
