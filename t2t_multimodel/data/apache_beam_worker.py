"""What a worker of Apache Beam does with one shard; it may see nothing of the first machine's disk.

It has places of its own for URLs and for the user's code. An error for the user is left in a file
beside the shards, since Beam would reword it and try again.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path

from t2t_multimodel import storage
from t2t_multimodel.data import usr_package
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.shards import ShardJob, write_shard
from t2t_multimodel.errors import UserError

TOLD = "t2t_multimodel tells: "
"""Stands before an error for the user in the text of one that is raised."""
_preparing = threading.Lock()


def failure_path(job: ShardJob) -> Path:
    """Where a worker leaves word of a shard that it could not write."""
    return job.path.with_name(f".{job.path.name}.failed")


def write(job: ShardJob, gigabytes: float, modules: dict[str, str]) -> None:
    """Writes a shard, or leaves word why not.

    Args:
        job: with paths and URLs that hold on every machine.
        gigabytes: limit of the cache.
        modules: place of the user's code on the first machine -> module of its package.
    """
    try:
        with _preparing:
            if storage.cache_in_use() == (None, storage.DEFAULT_GB):
                storage.use_cache(None, gigabytes)
            job = _with_code(job, modules)
        _check_raw(job)
        write_shard(job)
    except UserError as error:
        _leave_word(job, error)


def _with_code(job: ShardJob, modules: dict[str, str]) -> ShardJob:
    """The job with the places that the user's code has here."""
    here = []
    for place in job.usr_dirs:
        found = usr_package.unpacked(modules[place], place) if place in modules else None
        if found is None and place in modules and not Path(place).exists():
            raise UserError(
                f"The code in --usr_dir={place} has not come here: the package {modules[place]} "
                "is not installed, and there is no such folder.",
                "Use an environment that installs Beam's extra packages, as its containers do, "
                "or give --usr_dir an URL.",
            )
        here.append(place if found is None else str(found))
    return replace(job, usr_dirs=tuple(here))


def _check_raw(job: ShardJob) -> None:
    raw = job.raw_address
    if raw is not None and not storage.is_url(raw) and not Path(raw).is_dir():
        raise UserError(
            f"There is no folder of raw files {raw} here.",
            "Give --raw_dir an URL, or a folder that all workers see under the same path.",
        )


def _leave_word(job: ShardJob, error: UserError) -> None:
    is_of_file = isinstance(error, Unreadable)
    of_worker = not is_of_file or isinstance(error.__cause__, ImportError)
    where = f"On a worker of the runner ({socket.gethostname()}): " if of_worker else ""
    failure = {
        "unreadable": is_of_file,
        "message": f"{where}{error.message}",
        "fix": error.fix,
    }
    told = json.dumps(failure)
    try:
        with written_by_rename(failure_path(job)) as file:
            file.write(told.encode())
    except UserError:  # such as where the client of the store is missing
        raise RuntimeError(f"{TOLD}{told}") from error
