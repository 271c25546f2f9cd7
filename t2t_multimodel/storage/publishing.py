"""Bringing files of this machine to the URLs that they stand for, each whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

from t2t_multimodel.storage.addresses import WHOLE_PUTS, is_marker, remote_path, sibling
from t2t_multimodel.storage.entries import LINK
from t2t_multimodel.storage.faults import told
from t2t_multimodel.storage.staging import ALIVE, Known, Signature, Staging, opened

_OWN = re.compile(r"\..*\.tmp|\.lock|\.alive|\.incoming|best-.*\.link")
"""Names of what stays on this machine."""


def publish(path: Path) -> None:
    """Writes what was changed at or below a path to its URL.

    JSON goes after all the rest, then what proves a folder whole, then links to it, so a kill in
    between leaves nothing that is taken for data.

    Raises:
        UserError: the store refuses; what was published before stays as it is.
    """
    staging = opened()
    if staging is None or not path.is_relative_to(staging.root):
        return
    changed = sorted(filter(lambda one: _is_changed(staging, one), _files(path)), key=_turn)
    if changed:
        check_guards(staging, path)
    for file in changed:
        _put(staging, file)


def publish_all() -> None:
    """Does the same for everything that this process has changed."""
    staging = opened()
    if staging is not None:
        for scheme in staging.root.iterdir():
            if scheme.name not in (ALIVE, ".incoming"):
                publish(scheme)


def check_guards(staging: Staging, path: Path) -> None:
    """Raises `UserError` if another process has taken over what is at, above or below a path."""
    for folder, check in list(staging.guards.items()):
        if path.is_relative_to(folder) or folder.is_relative_to(path):
            check()


def _files(path: Path) -> list[Path]:
    if path.is_symlink() or path.is_file():
        return [path]
    found: list[Path] = []
    for here, below, names in os.walk(path):
        linked = [name for name in below if Path(here, name).is_symlink()]
        below[:] = sorted(name for name in below if not _OWN.fullmatch(name) and name not in linked)
        found += (Path(here, name) for name in [*names, *linked] if not _OWN.fullmatch(name))
    return found


def _is_changed(staging: Staging, file: Path) -> bool:
    known = staging.known.get(file)
    return os.path.lexists(file) and (known is None or known.here != Signature.of(file))


def _turn(file: Path) -> tuple[bool, bool, bool, str]:
    return file.is_symlink(), is_marker(file), file.suffix == ".json", str(file)


def _put(staging: Staging, file: Path) -> None:
    signature = Signature.of(file)  # before: what is appended meanwhile is published next time
    fs, url = staging.remote(file)
    with told(url, "written"):
        if file.is_symlink():
            put_bytes(fs, url + LINK, os.readlink(file).encode())
        else:
            put_file(fs, url, file)
    staging.known[file] = Known(signature, "")
    staging.distant.pop(file, None)


def put_bytes(fs: Any, url: str, data: bytes) -> None:
    """Writes a small object, whole or not at all."""
    remote = remote_path(fs, url)
    if url.split(":")[0] in WHOLE_PUTS:
        fs.pipe_file(remote, data)
        return
    temporary = _temporary(fs, remote)
    fs.pipe_file(temporary, data)
    _rename(fs, temporary, remote)


def put_file(fs: Any, url: str, file: Path) -> None:
    """Writes an object from a file, whole or not at all."""
    remote = remote_path(fs, url)
    if url.split(":")[0] in WHOLE_PUTS:
        fs.put_file(str(file), remote)
        return
    temporary = _temporary(fs, remote)
    fs.put_file(str(file), temporary)
    _rename(fs, temporary, remote)


def _temporary(fs: Any, remote: str) -> str:
    name = remote.rpartition("/")[2]
    fs.makedirs(remote.rpartition("/")[0], exist_ok=True)
    return sibling(remote, f".{name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def _rename(fs: Any, old: str, new: str) -> None:
    from fsspec import AbstractFileSystem

    if type(fs).mv is not AbstractFileSystem.mv:
        fs.mv(old, new)
    else:  # such as memory://, where a copy appears at once
        fs.cp_file(old, new)
        fs.rm_file(old)
