"""What a listing tells of remote files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from t2t_multimodel.storage.addresses import WHOLE_PUTS, remote_path
from t2t_multimodel.storage.faults import NoBucket

LINK = ".link"
"""Ending of an object that stands for a link to a checkpoint; it holds the target."""
_STATES = ("ETag", "etag", "generation", "md5Hash", "version_id", "mtime", "modified", "created")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")


@dataclass(frozen=True)
class Entry:
    """A remote file as a listing tells of it."""

    remote: str
    size: int
    state: str
    """Another one means other content."""
    changed: int | None
    """Nanoseconds since 1970; None where the store does not tell."""

    @classmethod
    def of(cls, info: dict[str, Any]) -> Entry:
        """Reads what fsspec returns."""
        told = [info["name"], info["size"], *(info.get(name) for name in _STATES)]
        state = hashlib.sha256(repr(told).encode()).hexdigest()
        times = (info[name] for name in _TIMES if info.get(name) is not None)
        return cls(info["name"], int(info["size"] or 0), state, _nanoseconds(next(times, None)))


def _nanoseconds(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:  # Python 3.10 reads fewer forms
            return None
    if isinstance(value, datetime):
        value = value.timestamp()
    return int(value * 1e9) if isinstance(value, (int, float)) else None


def listed(fs: Any, url: str, depth: int | None) -> dict[str, Entry]:
    """Name below the URL -> entry of each file.

    Raises:
        NoBucket: not even its bucket is there.
    """
    top = remote_path(fs, url)
    fs.invalidate_cache()
    infos = fs.find(top, maxdepth=depth, detail=True).values()
    if not infos and url.split(":")[0] in WHOLE_PUTS and not fs.exists(top.split("/")[0]):
        raise NoBucket("there is no such bucket")
    files = [info for info in infos if info["type"] == "file" and not info["name"].endswith("/")]
    return {info["name"].removeprefix(top).lstrip("/"): Entry.of(info) for info in files}
