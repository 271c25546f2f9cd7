"""What a store or the network refuses, told as what it is."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2t_multimodel.errors import UserError, reason
from t2t_multimodel.storage.addresses import SETTINGS

AGAIN = "The same command goes on from what is missing."
FULL = (errno.ENOSPC, errno.EDQUOT)


class NoBucket(Exception):
    """The bucket of an URL is not there."""


@contextmanager
def told(url: str, done: str, cache: Path | None = None) -> Iterator[None]:
    """What the clients raise inside the block becomes one clear message.

    Args:
        url: of the file.
        done: what was to be done with it, such as "written".
        cache: folder of this machine that is written to in the block.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # aiohttp's, botocore's, google's: each client has its own
        raise _as_told(url, done, error, cache) from error


def _as_told(url: str, done: str, error: Exception, cache: Path | None) -> UserError:
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL and cache is not None:
        return full_disk(url, done, cache)
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        why = f"the store does not permit it ({_said(error)})"
        return UserError(f"{url} was not {done}: {why}.", f"Check your key. {SETTINGS}")
    missing = isinstance(error, FileNotFoundError) and "bucket" in str(error).lower()
    if missing or isinstance(error, NoBucket):
        bucket = "/".join(url.split("/")[:3])
        return UserError(
            f"{url} was not {done}: there is no bucket {bucket}.",
            "Check its name, or make it: commands make no buckets.",
        )
    if isinstance(error, FileNotFoundError):
        return UserError(f"{url} was not {done}: it is not there.", "Check its name.")
    return UserError(
        f"{url} was not {done}: {_said(error)}.",
        f"Check the network and the store, then run it again. {AGAIN}",
    )


def full_disk(url: str, done: str, cache: Path) -> UserError:
    """The error for a file that does not fit onto this machine."""
    return UserError(
        f"{url} was not {done}: the disk of the cache {cache} is full.",
        f"Make room there, or give --cache_dir on another disk. {AGAIN}",
    )


def _said(error: Exception) -> str:
    """In the client's words; in the system's where it has none."""
    if isinstance(error, OSError) and error.errno and not error.strerror:
        return os.strerror(error.errno)
    return reason(error)
