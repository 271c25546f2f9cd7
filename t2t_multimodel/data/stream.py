"""Streams of batches: the endless ones of a training problem, and those of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from t2t_multimodel.config import DataConfig
from t2t_multimodel.data.batching import (
    BatchPlan,
    Bucket,
    batch_share,
    buckets,
    eval_batches,
    make_buckets,
)
from t2t_multimodel.data.collate import Batch, collate, fill_up, placed
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.draws import generator
from t2t_multimodel.data.row_share import RowShare
from t2t_multimodel.data.strategies import Sizes


class BatchStream:
    """The endless training batches of one problem: `stream[n]` is the n-th, whenever asked."""

    def __init__(
        self,
        dataset: DataSet,
        config: DataConfig,
        seed: int,
        name: str,
        share: RowShare | None = None,
    ) -> None:
        """
        Args:
            dataset: of the train split.
            config: of the run; budgets of the problem's own take effect.
            seed: of the run.
            name: of the problem.
            share: the rows that are read. The others have length 0, in batches of the same shape.
        """
        self._dataset, self._config = dataset, config.of(name)
        self._seed, self._name, self._share = seed, name, share
        self._features = {
            key: feature.with_augmentation(self._config) if key == "inputs" else feature
            for key, feature in dataset.features.items()
        }
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
            pad_to = longest(self._dataset, self.plan.buckets[number].members)
        if self._share is None:
            return self._made(n, chosen, range(len(chosen)), pad_to)
        own = self._share.own(len(chosen))
        rows = range(min(own.start, len(chosen) - 1), min(own.stop, len(chosen)))
        pad_to = pad_to or longest(self._dataset, chosen)
        if not rows:  # one row tells the shapes of the others
            rows = range(rows.start, rows.start + 1)
        return placed(self._made(n, chosen, rows, pad_to), rows, len(chosen))

    def _made(
        self, n: int, chosen: np.ndarray, rows: range, pad_to: dict[str, int] | None
    ) -> Batch:
        """Some rows of the n-th batch; none depends on which others are made."""
        examples = [self._augmented(n, row, int(chosen[row])) for row in rows]
        return collate(examples, self._features, pad_to)

    def _augmented(self, n: int, row: int, number: int) -> dict[str, np.ndarray]:
        """The train example of this number, varied as its features are in training."""
        draws = generator(self._seed, f"augment/{self._name}", n, row)
        example = self._dataset[number]
        try:
            return {key: self._features[key].augment(one, draws) for key, one in example.items()}
        except Exception as error:
            if hasattr(error, "add_note"):  # from Python 3.11 on
                error.add_note(f"In problem '{self._name}', train, example {number}.")
            raise


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


def longest(dataset: DataSet, examples: np.ndarray) -> dict[str, int]:
    """Feature -> longest length among examples, for the features whose length varies.

    Args:
        dataset: knows all lengths without reading any example.
        examples: int [m], their numbers.
    """
    varying = [name for name, one in dataset.features.items() if one.varies]
    return {name: int(dataset.lengths[name][examples].max()) for name in varying}


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
        pad_to = longest(dataset, bucket.members)
        if "inputs" in pad_to:  # exchanged sources may come from any bucket
            pad_to["inputs"] = int(dataset.lengths["inputs"].max())
        for begin in range(0, len(members), bucket.rows):
            rows = members[begin : begin + bucket.rows]
            batch = collate([example(int(i)) for i in rows], dataset.features, pad_to)
            yield rows, fill_up(batch, bucket.rows)
