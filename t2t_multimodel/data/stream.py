"""Streams of batches: one problem's, and all problems' for step after step, read ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from t2t_multimodel.config import DataConfig
from t2t_multimodel.data.batching import BatchPlan, batch_share
from t2t_multimodel.data.collate import Batch, collate
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.mixture import Mixture


class BatchStream:
    """The endless training batches of one problem: `stream[n]` is the n-th, whenever asked."""

    def __init__(self, dataset: DataSet, config: DataConfig, seed: int, name: str) -> None:
        self._dataset = dataset
        shares = batch_share(dataset.unit_lengths(), config)
        self.plan = BatchPlan(shares, config.bucket_growth, seed, name)
        self._pad_to: list[dict[str, int] | None] = [None] * len(self.plan.buckets)
        if config.static_shapes:
            varying = [n for n, f in dataset.features.items() if -1 in f.stored_shape()]
            self._pad_to = [
                {name: int(dataset.lengths[name][members].max()) for name in varying}
                for members in self.plan.buckets
            ]

    def __getitem__(self, n: int) -> Batch:
        bucket, chosen = self.plan.bucket_and_examples(n)
        examples = [self._dataset[int(i)] for i in chosen]
        return collate(examples, self._dataset.features, self._pad_to[bucket])


@dataclass(frozen=True)
class StepBatches:
    """What one optimizer step trains on."""

    step: int
    problems: list[str]
    """The problem of each micro-batch."""
    batches: list[Batch]
    positions: dict[str, int]
    """Batches of each problem that were used once this step is done: what a resume needs."""


def step_batches(
    streams: dict[str, BatchStream], mixture: Mixture, step: int, positions: dict[str, int]
) -> Iterator[StepBatches]:
    """The micro-batches of step after step, endlessly.

    Args:
        streams: one for each problem.
        mixture: draws the problems of a step.
        step: the step to begin with.
        positions: batches of each problem that were used before.
    """
    positions = {name: positions.get(name, 0) for name in streams}
    while True:
        names, batches = mixture.draw(step), []
        for name in names:
            batches.append(streams[name][positions[name]])
            positions[name] += 1
        yield StepBatches(step, names, batches, dict(positions))
        step += 1


def read_ahead(
    items: Iterator[StepBatches], depth: int = 4
) -> Generator[StepBatches, None, None]:
    """The same items, made by a thread that stays up to `depth` ahead."""
    ready: queue.Queue[StepBatches | BaseException] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: StepBatches | BaseException) -> None:
        while not stopped.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
        except BaseException as error:  # the training thread raises it
            put(error)

    thread = threading.Thread(target=work, name="read_ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
