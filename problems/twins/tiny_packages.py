"""Packages written as their managers do, for tiny twins of what is read from packages."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Literal

Compression = Literal["", "gz", "xz"]
_MODES: dict[Compression, Literal["w:", "w:gz", "w:xz"]] = {"": "w:", "gz": "w:gz", "xz": "w:xz"}


def tar(files: dict[str, bytes], compression: Compression = "") -> bytes:
    """A tar archive of the files; `compression` is "", "gz" or "xz"."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=_MODES[compression]) as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return buffer.getvalue()


def write_deb(path: Path, files: dict[str, bytes], compression: Compression = "xz") -> None:
    """A Debian package; names begin with `./`."""
    control = tar({"./control": b"Package: x"}, "gz")
    path.write_bytes(
        b"!<arch>\n"
        + _ar_member("debian-binary", b"2.0\n")
        + _ar_member("_origin", b"odd")  # members of odd length are padded
        + _ar_member("control.tar.gz", control)
        + _ar_member(f"data.tar.{compression}", tar(files, compression))
    )


def write_npm(path: Path, files: dict[str, bytes]) -> None:
    """An npm package; names are relative to `package/`."""
    path.write_bytes(tar({f"package/{name}": files[name] for name in files}, "gz"))


def _ar_member(name: str, contents: bytes) -> bytes:
    """A member of an ar archive, padded to even length."""
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(contents):<10}`\n".encode()
    return header + contents + b"\n" * (len(contents) % 2)
