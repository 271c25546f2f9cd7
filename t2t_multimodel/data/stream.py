"""Streams of batches: one problem's, and all problems' for step after step, read ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from t2t_multimodel.config import DataConfig
from t2t_multimodel.config.mixture import READ_AHEAD
from t2t_multimodel.data.batching import (
    BatchPlan,
    Bucket,
    batch_share,
    buckets,
    eval_batches,
    make_buckets,
)
from t2t_multimodel.data.collate import Batch, collate, fill_up
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.draws import generator
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.strategies import Sizes


class BatchStream:
    """The endless training batches of one problem: `stream[n]` is the n-th, whenever asked."""

    def __init__(self, dataset: DataSet, config: DataConfig, seed: int, name: str) -> None:
        """
        Args:
            dataset: of the train split.
            config: of the run; budgets of the problem's own take effect.
            seed: of the run.
            name: of the problem.
        """
        self._dataset, self._config = dataset, config.of(name)
        self._seed, self._name = seed, name
        self.plan = BatchPlan(train_buckets(dataset, self._config, seed, name), seed, name)

    @property
    def sizes(self) -> Sizes:
        """Examples and batches of an epoch."""
        return Sizes(self.plan.examples, self.plan.batches)

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """Feature -> length of each example of the data set: int [n]."""
        return self._dataset.lengths

    def __getitem__(self, n: int) -> Batch:
        number, chosen = self.plan.bucket_and_examples(n)
        pad_to = None
        if self._config.static_shapes:
            pad_to = longest(self._dataset, self.plan.buckets[number])
        features = {
            key: feature.with_augmentation(self._config.sound_mask, self._config.sound_warp)
            for key, feature in self._dataset.features.items()
        }
        draws = generator(self._seed, f"augment/{self._name}", n)
        examples = [
            {
                key: features[key].augment(value, draws)
                for key, value in self._dataset[int(i)].items()
            }
            for i in chosen
        ]
        return collate(examples, features, pad_to)


def train_buckets(dataset: DataSet, config: DataConfig, seed: int, name: str) -> list[Bucket]:
    """The buckets of the examples that a run trains on: all, or `max_examples` of them."""
    units, lengths, chosen = dataset.unit_lengths(), dataset.lengths, None
    if 0 < config.max_examples < len(dataset):
        draw = generator(seed, f"choice/{name}").permutation(len(dataset))
        chosen = np.sort(draw[: config.max_examples])
        units = {unit: values[chosen] for unit, values in units.items()}
        lengths = {feature: values[chosen] for feature, values in lengths.items()}
    made = make_buckets(units, lengths, config)
    return made if chosen is None else [Bucket(chosen[one.members], one.rows) for one in made]


def longest(dataset: DataSet, bucket: Bucket) -> dict[str, int]:
    """Feature -> longest length in a bucket, for the features whose length varies."""
    varying = [name for name, one in dataset.features.items() if one.varies]
    return {name: int(dataset.lengths[name][bucket.members].max()) for name in varying}


def eval_stream(
    dataset: DataSet, config: DataConfig, examples: np.ndarray, sources: np.ndarray
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Batches of the given examples, each once, and the numbers of those in their first rows.

    Args:
        dataset: of the split.
        config: budgets; with `static_shapes` few shapes occur, filled up by rows of length 0.
        examples: int [m], their numbers.
        sources: int [n], the example whose inputs take the place of each one's own.
    """

    def example(number: int) -> dict[str, np.ndarray]:
        return {**dataset[number], "inputs": dataset[int(sources[number])]["inputs"]}

    shares = batch_share(dataset.unit_lengths(), config)
    if not config.static_shapes:
        for chosen in eval_batches(shares, examples):
            yield chosen, collate([example(int(i)) for i in chosen], dataset.features)
        return
    for bucket in buckets(shares, config.bucket_growth):
        members = bucket.members[np.isin(bucket.members, examples)]
        pad_to = longest(dataset, bucket)
        if "inputs" in pad_to:  # exchanged sources may come from any bucket
            pad_to["inputs"] = int(dataset.lengths["inputs"].max())
        for begin in range(0, len(members), bucket.rows):
            rows = members[begin : begin + bucket.rows]
            batch = collate([example(int(i)) for i in rows], dataset.features, pad_to)
            yield rows, fill_up(batch, bucket.rows)


@dataclass(frozen=True)
class StepBatches:
    """Holds what one optimizer step trains on."""

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
    items: Iterator[StepBatches], depth: int = READ_AHEAD
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
