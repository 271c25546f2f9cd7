"""Which file system an URL names, and what to tell where there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from t2t_multimodel.errors import UserError, did_you_mean, reason

if TYPE_CHECKING:
    from pathlib import Path

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""Scheme -> extra of this package that installs its client."""
_MODULES = {"s3": "s3fs", "gcs": "gcsfs"}
WHOLE_PUTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss"}
"""Schemes of stores where a put makes an object appear whole or not at all."""


def is_url(text: object) -> bool:
    """Whether a text names a file of another file system; `file://` is this machine's own."""
    match = _URL.fullmatch(str(text))
    return match is not None and match[1].lower() != "file"


def parts(url: str) -> tuple[str, list[str]]:
    """The scheme of an URL and the names between its slashes.

    Raises:
        UserError: one of the names cannot be that of a file of this machine.
    """
    match = _URL.fullmatch(url)
    assert match is not None, url
    names = [name for name in match[2].split("/") if name]
    for name in names:
        if name in (".", "..") or "\0" in name:
            raise UserError(f"{url}: {name!r} can be no name of a file.", "Give another URL.")
    return match[1].lower(), names


def file_system(url: str) -> Any:
    """The file system of fsspec for an URL.

    Raises:
        UserError: fsspec does not know the scheme, its client is not installed, or refuses.
    """
    import fsspec

    scheme, _ = parts(url)
    known = sorted({*fsspec.available_protocols(), *fsspec.registry})
    if scheme not in known:
        raise UserError(
            f"{url}: no file system is called {scheme}://.{did_you_mean(scheme, known)}",
            "Use one that fsspec knows, such as s3://, gs://, hdfs:// or memory://.",
        )
    try:
        found, _ = fsspec.url_to_fs(url)
    except ImportError as error:
        raise _no_client(url, scheme, error) from error
    except Exception as error:  # each client refuses settings in its own way
        raise UserError(f"{url} cannot be opened: {reason(error)}.", SETTINGS) from error
    return found


SETTINGS = (
    "docs/storage.md tells where address, name and key of a store are set "
    "(AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, ...)."
)


def _no_client(url: str, scheme: str, error: ImportError) -> UserError:
    extra = _EXTRAS.get(scheme)
    if extra is None:
        return UserError(f"{url}: the client of {scheme}:// is missing: {reason(error)}.")
    return UserError(
        f"{url}: the client of {scheme}://, {_MODULES[extra]}, is not installed.",
        f"pip install 't2t-multimodel[{extra}]'",
    )


def remote_path(fs: Any, url: str) -> str:
    """What the file system calls the file of an URL."""
    return str(fs._strip_protocol(url)).rstrip("/")


def sibling(remote: str, name: str) -> str:
    """Another name in the folder of a remote file."""
    return f"{remote.rpartition('/')[0]}/{name}"


def is_marker(path: Path | str) -> bool:
    """Whether a file proves others whole, so that it is written last and removed first."""
    return str(path).endswith("checksums.json")
