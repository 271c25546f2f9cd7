"""The batches of step after step, made ahead of the training by several threads.

A batch is a pure function of its problem and its number, so it does not matter which thread makes
it or when: whatever `data.workers` says, the training gets the same batches in the same order.
Decoding, resizing and compression run outside of Python's lock, which is why threads suffice.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from t2t_multimodel.config import AdaptiveMixtureConfig, Config, DataConfig
from t2t_multimodel.config.mixture import READ_AHEAD
from t2t_multimodel.cores import cores
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.stream import BatchStream

MOST_WORKERS = 8
"""Threads where `data.workers` is 0: more compete with the training for Python's lock."""


@dataclass(frozen=True)
class StepPlan:
    """Names the batches of one optimizer step before any of them is made."""

    step: int
    problems: list[str]
    """The problem of each micro-batch."""
    numbers: list[int]
    """The number of each micro-batch in the stream of its problem."""
    positions: dict[str, int]
    """Batches of each problem that were used once this step is done: what a resume needs."""


@dataclass(frozen=True)
class StepBatches:
    """Holds what one optimizer step trains on."""

    step: int
    problems: list[str]
    """The problem of each micro-batch."""
    batches: list[Batch]
    positions: dict[str, int]
    """As of `StepPlan`."""


def step_plans(mixture: Mixture, step: int, positions: Mapping[str, int]) -> Iterator[StepPlan]:
    """What step after step holds, endlessly.

    Args:
        mixture: draws the problems of a step.
        step: the step to begin with.
        positions: batches of each problem that were used before.
    """
    used = {name: positions.get(name, 0) for name in mixture.names}
    while True:
        names, numbers = mixture.draw(step), []
        for name in names:
            numbers.append(used[name])
            used[name] += 1
        yield StepPlan(step, names, numbers, dict(used))
        step += 1


def workers_of(config: DataConfig) -> int:
    """The threads that make batches: `data.workers`, or one for each core up to `MOST_WORKERS`."""
    return config.workers or min(cores(), MOST_WORKERS)


def steps_ahead(config: Config) -> int:
    """Steps whose batches are made at a time: enough for each of the threads to have one.

    Shares that follow the losses can not be known so far ahead.
    """
    if isinstance(config.mixture, AdaptiveMixtureConfig):
        return READ_AHEAD
    return max(READ_AHEAD, math.ceil(workers_of(config.data) / config.batches_per_step))


def made_ahead(
    plans: Iterator[StepPlan],
    streams: Mapping[str, BatchStream],
    workers: int,
    depth: int = READ_AHEAD,
) -> Generator[StepBatches, None, None]:
    """The batches of the plans in their order, made by threads.

    No more than `depth` steps are made or waiting at a time. What making a batch raises is raised
    in the place of its step. Closing the generator ends the threads.

    Args:
        plans: are drawn when there is room.
        streams: one for each problem.
        workers: threads.
        depth: steps ahead of the one that is trained on.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="made_ahead")
    waiting: deque[tuple[StepPlan, list[Future[Batch]]]] = deque()
    try:
        for plan in plans:
            places = zip(plan.problems, plan.numbers, strict=True)
            making = [pool.submit(streams[name].__getitem__, number) for name, number in places]
            waiting.append((plan, making))
            if len(waiting) > depth:
                yield _made(*waiting.popleft())
        while waiting:
            yield _made(*waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _made(plan: StepPlan, making: list[Future[Batch]]) -> StepBatches:
    batches = [future.result() for future in making]
    return StepBatches(plan.step, plan.problems, batches, plan.positions)
