"""Bringing files of URLs to this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from t2t_multimodel.storage.entries import LINK, Entry, listed
from t2t_multimodel.storage.faults import told
from t2t_multimodel.storage.near import Moved, bring, place_holder, through_cache
from t2t_multimodel.storage.staging import Known, Signature, Staging, one_at_a_time, opened

_LINK = re.compile(r"best-.*\.link")
_LARGE = re.compile(r".*(\.tfrecord-\d+-of-\d+|\.keras|/optimizer\.npz|/step-\d{8}/arrays/.*)")
"""Files that are brought when they are read: what reads them asks for them by `need`."""
_TEMPORARY = re.compile(r"(.*/)?(\.[^/]*\.tmp(/.*)?|\.lock)")
_CHECKPOINT = re.compile(r"((?:.*/)?step-\d{8})/.*")
_SEAL = "checksums.json"
_ATTEMPTS = 5
"""To bring a folder into which another process writes."""


def fetch(path: Path, *, depth: int | None = None, whole: bool = False, only: str = "") -> Path:
    """Brings what lies at and below an URL; large files as placeholders, which `need` fills.

    Leftovers of a killed save or write are passed over.

    Args:
        path: as `place` returns it; one of this machine is left alone.
        depth: levels below it; None: all.
        only: name of the files that are wanted; "": all.
        whole: large files too, all of it through the cache, for code that reads files by itself.

    Returns:
        `path`.

    Raises:
        UserError: the store refuses, or the disk or the cache is full.
    """
    staging = opened()
    if staging is None or not path.is_relative_to(staging.root):
        return path
    with one_at_a_time:
        found = _brought(staging, path, depth, whole, only)
        if not found and path.name.startswith("best-"):  # a link to a checkpoint beside it
            return fetch(path.parent) / path.name
        if depth is None:
            _forget_removed(staging, path, {path / name if name else path for name in found})
    return path


def fetch_once(path: Path) -> Path:
    """Does the same for all of a folder that nobody changes: in each process a single time."""
    staging = opened()
    with one_at_a_time:
        if staging is None or any(path.is_relative_to(one) for one in staging.whole):
            return path
        return fetch(path, whole=True)


def _brought(
    staging: Staging, path: Path, depth: int | None, whole: bool, only: str
) -> dict[str, Entry]:
    """Brings what is new; returns all that is there, by its name below the path."""
    fs, url = staging.remote(path)
    with told(url, "read", staging.cache.folder):
        for left in reversed(range(_ATTEMPTS)):
            found = listed(fs, url, depth)
            wanted = {
                path / name if name else path: entry
                for name, entry in found.items()
                if _is_wanted(name, found, only)
            }
            new = {local: one for local, one in wanted.items() if _is_new(staging, local, one)}
            try:
                (through_cache if whole else _bring_listed)(staging, fs, new)
                break
            except (FileNotFoundError, Moved):  # another process writes there
                if not left:
                    raise
    if whole and depth is None and not only:
        staging.whole.add(path)
    return found


def _bring_listed(staging: Staging, fs: Any, new: dict[Path, Entry]) -> None:
    links = {local: one for local, one in new.items() if _LINK.fullmatch(local.name)}
    large = {local: one for local, one in new.items() if _LARGE.fullmatch(str(local))}
    near = {local: one for local, one in new.items() if local not in links and local not in large}
    bring(fs, near)
    for local, entry in near.items():
        staging.known[local] = Known(Signature.of(local), entry.state)
    for local, entry in large.items():
        place_holder(staging, local, entry)
    for local, entry in links.items():
        _link(staging, local, entry, fs.cat_file(entry.remote).decode())


def _is_wanted(name: str, found: dict[str, Entry], only: str) -> bool:
    if only and name.rpartition("/")[2] != only:
        return False
    if _TEMPORARY.fullmatch(name) or any(part in (".", "..") for part in name.split("/")):
        return False
    of = _CHECKPOINT.fullmatch(name)
    return of is None or f"{of[1]}/{_SEAL}" in found


def _is_new(staging: Staging, local: Path, entry: Entry) -> bool:
    """Whether a remote file is not here, and would write over nothing that was written here."""
    if local in staging.distant:
        return bool(staging.distant[local].state != entry.state)
    known = staging.known.get(local)
    if known is None:
        return not os.path.lexists(local)
    return known.there not in ("", entry.state) and Signature.of(local) == known.here


def _link(staging: Staging, note: Path, entry: Entry, target: str) -> None:
    link = note.with_name(note.name.removesuffix(LINK))
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(Path(target.strip()).name)
    staging.known[link] = Known(Signature.of(link), entry.state)


def _forget_removed(staging: Staging, path: Path, there: set[Path]) -> None:
    """Removes what another process has removed from the store since it was fetched."""
    for local, known in list(staging.known.items()):
        if not local.is_relative_to(path) or local in there:
            continue
        if local.is_symlink() and local.with_name(local.name + LINK) in there:
            continue
        if os.path.lexists(local) and Signature.of(local) == known.here:
            local.unlink()
        del staging.known[local]
        staging.distant.pop(local, None)
