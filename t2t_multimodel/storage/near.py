"""Large files of URLs: from the cache, through it, or read where they are."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from t2t_multimodel.errors import UserError
from t2t_multimodel.storage.entries import Entry
from t2t_multimodel.storage.faults import told
from t2t_multimodel.storage.staging import Known, Signature, Staging, opened


class Moved(OSError):
    """A file is another one than a moment ago, when it was listed."""


def bring(fs: Any, files: dict[Path, Entry]) -> None:
    """Copies remote files here, with their times of change.

    Raises:
        Moved: another process is writing one of them anew.
    """
    for local in files:
        local.parent.mkdir(parents=True, exist_ok=True)
    if files:
        fs.get([one.remote for one in files.values()], [str(local) for local in files])
    for local, entry in files.items():
        size = local.stat().st_size
        if size != entry.size:
            raise Moved(f"{size:,} bytes came of the {entry.size:,} of {entry.remote}")
        if entry.changed is not None:
            os.utime(local, ns=(entry.changed, entry.changed))


def place_holder(staging: Staging, local: Path, entry: Entry) -> None:
    """Makes a file of the right size in place of one whose content is not here yet."""
    local.parent.mkdir(parents=True, exist_ok=True)
    local.unlink(missing_ok=True)
    with open(local, "wb") as file:
        file.truncate(entry.size)
    staging.known[local] = Known(Signature.of(local), entry.state)
    staging.distant[local] = entry


def need(path: Path, sha256: str = "") -> None:
    """Fills the placeholders at or below a path, through the cache.

    Args:
        path: of any machine; what is here already is left alone.
        sha256: that the content of the file must have.

    Raises:
        UserError: the store refuses, the content is another one, or there is no room.
    """
    staging = opened()
    if staging is None or not staging.distant:
        return
    path = path.resolve()  # it may be a link to a checkpoint
    wanted = {
        local: entry
        for local, entry in staging.distant.items()
        if local == path or local.is_relative_to(path)
    }
    if wanted:
        fs, _ = staging.remote(path)
        through_cache(staging, fs, wanted, sha256)


def is_near(path: Path, sha256: str) -> bool:
    """Whether a file is on this machine, or is now; False if it does not fit into the cache."""
    staging = opened()
    entry = staging.distant.get(path) if staging else None
    if staging is None or entry is None:
        return True
    if not staging.cache.take(entry.state, path) and not staging.cache.room_for(entry.size):
        place_holder(staging, path, entry)
        return False
    need(path, sha256)
    return True


def read_range(path: Path, begin: int, end: int) -> bytes:
    """Bytes of a file that stays where it is."""
    staging = opened()
    assert staging is not None, path
    fs, url = staging.remote(path)
    with told(url, "read"):
        found = fs.cat_file(staging.distant[path].remote, start=begin, end=end)
    return bytes(found)


def through_cache(staging: Staging, fs: Any, wanted: dict[Path, Entry], sha256: str = "") -> None:
    """Copies remote files here, or links to those that the cache has."""
    cache = staging.cache
    missing = {p: one for p, one in wanted.items() if not cache.take(one.state, p)}
    size = sum(entry.size for entry in missing.values())
    if missing:
        first = staging.url(next(iter(missing)))
        is_kept = cache.room_for(size)  # else they lie here while this process runs, no longer
        incoming = staging.root / ".incoming"
        with told(first, "read", cache.folder):
            arrived = {incoming / entry.state: entry for entry in missing.values()}
            bring(fs, arrived)
        for local, entry in missing.items():
            _check(staging, incoming / entry.state, local, sha256)
            if is_kept:
                cache.keep(incoming / entry.state, entry.state)
            local.unlink(missing_ok=True)
            shutil.move(incoming / entry.state, local)
    for local, entry in wanted.items():
        staging.distant.pop(local, None)
        staging.known[local] = Known(Signature.of(local), entry.state)


def _check(staging: Staging, file: Path, local: Path, sha256: str) -> None:
    if sha256 and _sha256(file) != sha256:
        raise UserError(
            f"{staging.url(local)} was not read: its content is not what its manifest tells of.",
            "mm-datagen --problem=... --verify finds what is damaged and makes it again.",
        )


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
