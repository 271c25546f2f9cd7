"""The processors of this process, and how work is spread over them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    pool: Executor, compute: Callable[..., T], work: Iterable[tuple[Any, ...]], depth: int
) -> Iterator[T]:
    """Results in the order of the work, computed by a pool.

    Args:
        pool: whose workers compute.
        compute: is called with each item's values.
        work: is read no further ahead than `depth` items.
        depth: most items that are there at a time.
    """
    running: deque[Future[T]] = deque()
    for arguments in work:
        running.append(pool.submit(compute, *arguments))
        if len(running) == depth:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
