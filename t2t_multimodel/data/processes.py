"""Shards written by processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import wait as wait_for_end
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from t2t_multimodel import registry, storage
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.shards import ShardJob, Summary, write_shard
from t2t_multimodel.errors import UserError

Tell = Callable[[ShardJob, int, int], None]
"""Takes how many examples and bytes of a shard were written since the last call."""
Done = tuple[ShardJob, Summary | Unreadable]
Run = Callable[[list[ShardJob], Tell], Iterator[Done]]
"""Writes shards and yields each with its outcome, in any order."""

_LOOK_SECONDS = 0.2


def run(jobs: list[ShardJob], tell: Tell, workers: int) -> Iterator[Done]:
    """Writes shards with `workers` processes; one alone is this process.

    Raises:
        UserError: a process died, or what `write_shard` raises but for `Unreadable`.
    """
    typed = {name for name in {job.problem for job in jobs} if _typed_at_a_prompt(name)}
    elsewhere = [job for job in jobs if job.problem not in typed]
    if min(workers, len(elsewhere)) > 1:
        yield from _in_processes(elsewhere, tell, workers)
        jobs = [job for job in jobs if job.problem in typed]
    for job in jobs:
        yield job, _outcome(partial(write_shard, job, partial(tell, job)))


def _typed_at_a_prompt(problem: str) -> bool:
    """Whether the class lives in a notebook or script that a worker process could not import."""
    return registry.problems.get(problem).__module__ == "__main__"


def _in_processes(jobs: list[ShardJob], tell: Tell, workers: int) -> Iterator[Done]:
    # Spawned, not forked: a fork of a process with threads (TensorFlow's) can hang.
    context = multiprocessing.get_context("spawn")
    heard: SimpleQueue[tuple[int, int, int]] = context.SimpleQueue()
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), context, _begin, (heard, storage.cache_in_use())
    )
    with pool:
        futures = {
            pool.submit(_write, number, job.on_this_machine()): job
            for number, job in enumerate(jobs)
        }
        try:
            yield from _outcomes(futures, partial(_listen, heard, jobs, tell))
        except BrokenProcessPool as error:
            raise UserError(
                "A process that writes records died.",
                fix='In a script, call this below `if __name__ == "__main__":`, or pass '
                "workers=1; if memory ran out, use fewer workers.",
            ) from error
        except BaseException:  # the error is told at once; what workers still write is not kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _outcomes(
    futures: dict[Future[Summary], ShardJob], listen: Callable[[], None]
) -> Iterator[Done]:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, _LOOK_SECONDS, FIRST_COMPLETED)
        listen()
        for future in done:
            yield futures[future], _outcome(future.result)


def _outcome(get: Callable[[], Summary]) -> Summary | Unreadable:
    try:
        return get()
    except Unreadable as error:
        return error


def _listen(heard: SimpleQueue[tuple[int, int, int]], jobs: list[ShardJob], tell: Tell) -> None:
    while not heard.empty():
        number, examples, size = heard.get()
        tell(jobs[number], examples, size)


_heard: SimpleQueue[tuple[int, int, int]]
"""A worker reports to its parent through `_heard`."""


def _begin(heard: Any, cache: tuple[Path | None, float]) -> None:
    """Prepares a worker: it ends with its parent, and Ctrl-C ends it without a traceback."""
    global _heard
    _heard = heard
    storage.use_cache(*cache)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_end([parent.sentinel])
    os._exit(1)


def _write(number: int, job: ShardJob) -> Summary:
    return write_shard(job, lambda examples, size: _heard.put((number, examples, size)))
