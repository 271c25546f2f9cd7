"""Single small objects: made by one of several processes alone, replaced, aged, removed."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from t2t_multimodel.storage.addresses import is_marker, remote_path, sibling
from t2t_multimodel.storage.entries import LINK
from t2t_multimodel.storage.faults import told
from t2t_multimodel.storage.publishing import check_guards, put_bytes
from t2t_multimodel.storage.staging import opened


def _remote(path: Path) -> tuple[Any, str, str]:
    staging = opened()
    assert staging is not None, path
    fs, url = staging.remote(path)
    fs.invalidate_cache()
    return fs, url, remote_path(fs, url)


def create(path: Path, text: str) -> bool:
    """Makes an object that is not there; False if it is, of several processes for all but one.

    Where the store cannot promise that, the last one's stays: `text_of` tells whose it is.
    """
    fs, url, remote = _remote(path)
    with told(url, "written"):
        fs.makedirs(remote.rpartition("/")[0], exist_ok=True)
        try:
            fs.pipe_file(remote, text.encode(), mode="create")
        except FileExistsError:
            return False
        except Exception as error:  # how s3fs tells it depends on its version
            if "PreconditionFailed" in str(error) or "pre-condition" in str(error).lower():
                return False
            raise
    return True


def replace(path: Path, text: str) -> None:
    """Writes an object whether or not it is there."""
    fs, url, _ = _remote(path)
    with told(url, "written"):
        put_bytes(fs, url, text.encode())


def text_of(path: Path) -> str | None:
    """What an object holds; None if it is not there."""
    fs, url, remote = _remote(path)
    with told(url, "read"):
        try:
            found: bytes = fs.cat_file(remote)
        except FileNotFoundError:
            return None
    return found.decode("utf-8", "replace")


def age(path: Path) -> float | None:
    """Seconds since an object was written, by the clock of the store; None if it is not there.

    The store's own time is asked of it by an object that is written for that.
    """
    fs, url, remote = _remote(path)
    probe = sibling(remote, f".clock.{secrets.token_hex(4)}.tmp")
    with told(url, "read"):
        try:
            then = fs.modified(remote)
        except FileNotFoundError:
            return None
        except NotImplementedError:  # a store without times: nothing there grows old
            return 0.0
        fs.pipe_file(probe, b"")
        try:
            now = fs.modified(probe)
        finally:
            fs.rm_file(probe)
    return (_aware(now) - _aware(then)).total_seconds()


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def remove(path: Path) -> None:
    """Removes what lies at and below an URL, first what proves it whole.

    This machine's files stay, and a path that stands for no URL is left alone.
    """
    staging = opened()
    if staging is None or not path.is_relative_to(staging.root):
        return
    check_guards(staging, path)
    fs, url, remote = _remote(path)
    with told(url, "removed"):
        found = [*fs.find(remote), *fs.find(remote + LINK)]
        for name in sorted(found, key=lambda one: (not is_marker(one), one)):
            fs.rm_file(name)
    for local in [one for one in list(staging.known) if one.is_relative_to(path)]:
        del staging.known[local]
        staging.distant.pop(local, None)
