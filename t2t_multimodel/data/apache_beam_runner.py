"""Shards written by Apache Beam, on any of its runners (the extra `t2t-multimodel[beam]`).

One element is one shard, written by the same function as everywhere (`apache_beam_worker`). Workers
share with this process what is given as an URL, and folders that they see under the same path. Code
in a local `--usr_dir` goes to them as an extra package of Beam.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from t2t_multimodel import storage
from t2t_multimodel.data import usr_package
from t2t_multimodel.data.apache_beam_worker import TOLD, failure_path, write
from t2t_multimodel.data.processes import Done, Run, Tell
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.shards import ShardJob, Summary
from t2t_multimodel.errors import UserError, did_you_mean

_LOOK_SECONDS = 1.0
_INSTALL = "docs/data.md tells how the workers' environment is made."


def runner(name: str, options: Sequence[str]) -> Run:
    """Makes the function that writes shards by a pipeline.

    Args:
        name: a runner as Beam knows it, e.g. `DirectRunner`.
        options: Beam's own, e.g. `--direct_num_workers=4`.

    Raises:
        UserError: Beam is not installed, or knows no such runner or option.
    """
    try:
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError:
        raise UserError(
            f"--runner={name} needs Apache Beam, which is not installed.",
            fix="pip install 't2t-multimodel[beam]'",
        ) from None
    pipeline_options = PipelineOptions([f"--runner={name}", *options])
    known = pipeline_options.get_all_options()
    _check_runner(name)
    for option in options:
        key = option.lstrip("-").partition("=")[0]
        if key not in known:
            raise UserError(
                f"Apache Beam has no option --{key}.{did_you_mean('--' + key, _flags(known), '')}",
                fix="Beam's documentation lists the options of every runner.",
            )
    return partial(_run, pipeline_options)


def _check_runner(name: str) -> None:
    from apache_beam.runners.runner import create_runner

    try:
        create_runner(name)
    except (ImportError, ValueError) as error:
        raise UserError(f"--runner={name}: {error}") from error


def _flags(options: dict[str, Any]) -> list[str]:
    return [f"--{name}" for name in sorted(options)]


def _run(options: Any, jobs: list[ShardJob], tell: Tell) -> Iterator[Done]:
    """Runs one pipeline over all shards, and finds them as they appear in their folder."""
    if not jobs:
        return
    for job in jobs:
        _take_failure(job)
        tell(job, 0, 0)
    missing = list(jobs)
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(_run_pipeline, options, jobs)
        while not ended.done():
            wait([ended], _LOOK_SECONDS)
            looked_for, missing = missing, []
            _fetch_written(looked_for)
            for job in looked_for:
                if job.summary_path.is_file():
                    yield job, _outcome(job)
                else:
                    missing.append(job)
        failed = ended.exception()
    if failed is not None:
        raise _as_told(failed) from failed
    _fetch_written(jobs)
    yield from ((job, _outcome(job)) for job in missing)


def _fetch_written(jobs: list[ShardJob]) -> None:
    """Brings what workers have put into a store; where folders are shared it is here already."""
    for folder in {job.folder for job in jobs}:
        storage.fetch(folder, depth=1)


def _run_pipeline(options: Any, jobs: list[ShardJob]) -> None:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import SetupOptions

    jobs = [_for_another_folder(job) for job in jobs]
    _, gigabytes = storage.cache_in_use()
    with tempfile.TemporaryDirectory() as folder:
        packages = _packages(jobs[0].usr_dirs, Path(folder))
        modules = {place: module for place, (module, _) in packages.items()}
        setup = options.view_as(SetupOptions)
        given = setup.extra_packages
        setup.extra_packages = [*(given or []), *(str(one) for _, one in packages.values())] or None
        try:
            with beam.Pipeline(options=options) as pipeline:
                shards = pipeline | beam.Create(jobs, reshuffle=True)
                _ = shards | beam.Map(write, gigabytes, modules)
        finally:
            setup.extra_packages = given  # the others are gone when the next pipeline runs


def _for_another_folder(job: ShardJob) -> ShardJob:
    """The same job for a worker, which may run in another folder than this process."""
    raw = job.raw_address
    return replace(job, address=_absolute(job.address), raw_address=raw and _absolute(raw))


def _absolute(address: str) -> str:
    return address if storage.is_url(address) else os.path.abspath(address)


def _packages(places: Sequence[str], folder: Path) -> dict[str, tuple[str, Path]]:
    """Place of a user's code on this machine -> module and file of its package."""
    local = (place for place in places if not storage.is_url(place))
    return {place: usr_package.write(Path(place), folder) for place in local}


def _as_told(error: BaseException) -> UserError:
    """The error for a pipeline that failed: Beam's has the tracebacks of its workers as text."""
    if isinstance(error, UserError):
        return error
    text = str(error)
    _, mark, told = text.partition(TOLD)
    if mark:
        failure, _ = json.JSONDecoder().raw_decode(told)
        return UserError(failure["message"], failure["fix"])
    lacking = re.search(r"No module named '(\w+)", text)
    if lacking:
        return UserError(f"A worker of the runner has no module '{lacking[1]}'.", _INSTALL)
    last = text.strip().splitlines()[-1:] or [type(error).__name__]
    return UserError(f"The pipeline of Apache Beam failed: {last[0]}", "Its log says more.")


def _outcome(job: ShardJob) -> Summary | Unreadable:
    summary = job.summary()
    if summary is not None:
        return summary
    failure = _take_failure(job)
    if failure is None:
        raise UserError(
            f"{job.path} is not here, though the pipeline has ended without an error.",
            fix="Give a --data_dir that all of the runner's workers share with this machine, "
            "such as an URL.",
        )
    kind = Unreadable if failure["unreadable"] else UserError
    error = kind(failure["message"], failure["fix"])
    if isinstance(error, Unreadable):
        return error
    raise error


def _take_failure(job: ShardJob) -> dict[str, Any] | None:
    """What a worker left in place of a shard, which is removed; None if there is nothing."""
    path = failure_path(job)
    if not path.is_file():
        return None
    failure: dict[str, Any] = json.loads(path.read_bytes())
    storage.remove(path)
    path.unlink(missing_ok=True)
    return failure
