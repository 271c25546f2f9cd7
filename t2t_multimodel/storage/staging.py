"""The folder of this process in which the files of URLs lie while it runs."""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from t2t_multimodel import errors
from t2t_multimodel.storage.addresses import file_system, is_url, parts
from t2t_multimodel.storage.cache import Cache
from t2t_multimodel.storage.faults import full_disk

DEFAULT_GB = 10.0
"""Limit of the cache where none is given."""
ALIVE = ".alive"


@dataclass(frozen=True)
class Signature:
    """A state of a local file: another one means that it was written since."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Signature:
        """The state that the file is in."""
        stat = path.lstat()
        return cls(stat.st_size, stat.st_mtime_ns)


@dataclass
class Known:
    """What is known of a file that is the same here and there."""

    here: Signature
    there: str
    """The state of the remote object, as `Entry.state` has it; "" for one that we wrote."""


@dataclass
class Staging:
    """Local paths for URLs: `<root>/<scheme>/<rest of the URL>`.

    Every process has a folder of its own and begins with an empty one, so nothing but what was
    published is ever taken for data, and no process sees half of what another one fetches.
    """

    cache: Cache
    root: Path
    known: dict[Path, Known] = field(default_factory=dict)
    distant: dict[Path, Any] = field(default_factory=dict)
    """Placeholder -> its `Entry`: a file of the right size whose content is not here yet."""
    whole: set[Path] = field(default_factory=set)
    """What was fetched as a whole, large files too."""
    guards: dict[Path, Callable[[], None]] = field(default_factory=dict)
    """Folder -> raises if this process may no longer publish into it."""

    def local(self, url: str) -> Path:
        """The path that stands for an URL."""
        scheme, names = parts(url)
        errors.stands_for[f"{self.root}/{scheme}/"] = f"{scheme}://"
        return self.root.joinpath(scheme, *names)

    def url(self, path: Path) -> str:
        """The URL that a path in the folder stands for."""
        scheme, *names = path.relative_to(self.root).parts
        return f"{scheme}://{'/'.join(names)}"

    def remote(self, path: Path) -> tuple[Any, str]:
        """The file system of a path in the folder, and its URL."""
        url = self.url(path)
        return file_system(url), url


one_at_a_time = threading.RLock()
"""Threads of a process share its folder: a file is brought by one of them."""
_staging: Staging | None = None
_owner = 0
_chosen: tuple[Path | None, float] = (None, DEFAULT_GB)


def use_cache(folder: Path | None = None, gigabytes: float = DEFAULT_GB) -> None:
    """Says where files of URLs lie on this machine, before the first URL is used.

    Args:
        folder: None: `$XDG_CACHE_HOME/t2t_multimodel`, as a rule `~/.cache/t2t_multimodel`.
        gigabytes: that the cache may fill; 0: it is off, and records are read where they are.
    """
    global _chosen, _staging
    _chosen = (folder, gigabytes)
    if _staging is not None:
        _close(_staging)
        _staging = None


def cache_in_use() -> tuple[Path | None, float]:
    """What `use_cache` was called with, for another process."""
    return _chosen


def default_cache() -> Path:
    """The folder of the cache where none is given."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    return base / "t2t_multimodel"


def place(text: str | os.PathLike[str]) -> Path:
    """The path of this machine that a text of the user's stands for: a path, or an URL."""
    said = os.fspath(text)
    if not is_url(said):
        return Path(said.removeprefix("file://")).expanduser()
    file_system(said)  # what is wrong with it is told before anything else is done
    return _opened_staging().local(said)


def opened() -> Staging | None:
    """The staging folder of this process; None where no URL was used in it."""
    return _staging if os.getpid() == _owner else None


def is_remote(path: Path) -> bool:
    """Whether a path stands for an URL."""
    staging = opened()
    return staging is not None and path.is_relative_to(staging.root)


def shown(path: Path | str) -> str:
    """A path as the user knows it: as an URL, if it stands for one."""
    staging = opened()
    if staging is None or not Path(path).is_relative_to(staging.root):
        return str(path)
    return staging.url(Path(path))


@contextmanager
def guarded(folder: Path, check: Callable[[], None]) -> Iterator[None]:
    """Nothing is published into a folder in the block unless `check` lets it."""
    staging = opened()
    if staging is None:
        yield
        return
    staging.guards[folder] = check
    try:
        yield
    finally:
        del staging.guards[folder]


def cache_is_full(path: Path) -> errors.UserError:
    """The error for a path that stands for an URL and could not be written on this machine."""
    staging = opened()
    assert staging is not None, path
    return full_disk(staging.url(path), "written", staging.cache.folder)


def _opened_staging() -> Staging:
    global _staging, _owner
    with one_at_a_time:
        if _staging is None or _owner != os.getpid():
            _staging, _owner = _new_staging(), os.getpid()
            atexit.register(_close, _staging)
        return _staging


def _new_staging() -> Staging:
    folder, gigabytes = _chosen
    cache = Cache((folder or default_cache()).expanduser().resolve(), int(gigabytes * 1e9))
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    root, begun = cache.folder / "open" / name, cache.folder / "open" / f".{name}"
    try:
        _remove_abandoned(root.parent)
        begun.mkdir(parents=True)
        file = open(begun / ALIVE, "w")
        with suppress(OSError):  # no locks there: then nobody removes anything
            fcntl.flock(file, fcntl.LOCK_EX)
        os.rename(begun, root)  # by then another process sees that this one lives
    except OSError as error:
        raise errors.UserError(
            f"The cache {cache.folder} cannot be written: {errors.reason(error)}.",
            "Give --cache_dir another folder.",
        ) from error
    _files[root] = file
    return Staging(cache, root)


_files: dict[Path, Any] = {}
"""Root -> the open file whose lock says that its process lives."""


def _close(staging: Staging) -> None:
    if os.getpid() == _owner and staging.root in _files:
        shutil.rmtree(staging.root, ignore_errors=True)
        _files.pop(staging.root).close()


def _remove_abandoned(folder: Path) -> None:
    """Removes the folders of processes that were killed."""
    for alive in folder.glob(f"[!.]*/{ALIVE}"):
        with suppress(OSError), open(alive, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the process lives
            shutil.rmtree(alive.parent, ignore_errors=True)
