"""Shards written by Apache Beam, on any of its runners (the extra `t2t-multimodel[beam]`).

One element is one shard, written by the same function as everywhere. Workers and this process
share `data_dir` and `raw_dir`, a file system that all of them see under the same path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.processes import Done, Run, Tell
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.shards import ShardJob, Summary, write_shard
from t2t_multimodel.errors import UserError, did_you_mean

_LOOK_SECONDS = 1.0


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


def _run(options: Any, jobs: list[ShardJob], tell: Tell) -> Iterator[Done]:
    """Runs one pipeline over all shards, and finds them as they appear in their folder."""
    for job in jobs:
        _failure_path(job).unlink(missing_ok=True)
        tell(job, 0, 0)
    missing = list(jobs)
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(_run_pipeline, options, jobs)
        while not ended.done():
            wait([ended], _LOOK_SECONDS)
            looked_for, missing = missing, []
            for job in looked_for:
                if job.summary_path.is_file():
                    yield job, _outcome(job)
                else:
                    missing.append(job)
        ended.result()
    yield from ((job, _outcome(job)) for job in missing)


def _run_pipeline(options: Any, jobs: list[ShardJob]) -> None:
    import apache_beam as beam

    # A worker may run in another folder than this process.
    jobs = [
        replace(job, folder=job.folder.absolute(), raw_dir=job.raw_dir and job.raw_dir.absolute())
        for job in jobs
    ]
    with beam.Pipeline(options=options) as pipeline:
        _ = pipeline | beam.Create(jobs, reshuffle=True) | beam.Map(_write)


def _flags(options: dict[str, Any]) -> list[str]:
    return [f"--{name}" for name in sorted(options)]


def _failure_path(job: ShardJob) -> Path:
    return job.path.with_name(f".{job.path.name}.failed")


def _write(job: ShardJob) -> None:
    """Writes a shard; an error for the user is left in a file, since Beam would reword it."""
    try:
        write_shard(job)
    except UserError as error:
        failure = {
            "unreadable": isinstance(error, Unreadable),
            "message": error.message,
            "fix": error.fix,
        }
        with written_by_rename(_failure_path(job)) as file:
            file.write(json.dumps(failure).encode())


def _outcome(job: ShardJob) -> Summary | Unreadable:
    summary = job.summary()
    if summary is not None:
        return summary
    path = _failure_path(job)
    if not path.is_file():
        raise UserError(
            f"{job.path} is not here, though the pipeline has ended without an error.",
            fix="Give a --data_dir that all of the runner's workers share with this machine.",
        )
    failure = json.loads(path.read_bytes())
    path.unlink()
    kind = Unreadable if failure["unreadable"] else UserError
    error = kind(failure["message"], failure["fix"])
    if isinstance(error, Unreadable):
        return error
    raise error
