"""A kind of data of one's own, a row of numbers, with a metric and a problem."""

import dataclasses

import numpy as np

from t2t_multimodel import (
    BadValue,
    Feature,
    Problem,
    Signature,
    register_metric,
    register_problem,
)


@dataclasses.dataclass(frozen=True)
class Vector(Feature):
    """A row of `n` numbers."""

    n: int

    dtype = np.dtype(np.float32)  # in which records hold the numbers
    hint = "Type numbers with blanks between"
    seen_as = "the numbers"

    def signature(self, problem, tokenizer):
        # net, identity, size of the vocabulary, shape, longest length, type
        return Signature("vector", f"vector/{self.n}", 0, (self.n,), 1, "float32")

    def encode(self, value, tokenizer):
        row = np.asarray(value, np.float32)
        if row.shape != (self.n,) or not np.isfinite(row).all():
            raise BadValue(f"a vector must be {self.n} finite numbers, but is {value!r:.60}")
        return row

    def decode(self, array, tokenizer):
        return array

    def length(self, array):
        return 1

    def stored_shape(self):
        return (self.n,)

    def parse(self, given):
        return [float(word) for word in given.split()]

    def words(self, array, tokenizer):
        return " ".join(f"{x:.3f}" for x in array)

    def output_words(self, output):
        return self.words(output, None)

    def simple(self, value):
        return value


@register_metric("my_r2")
def r2(targets, outputs):
    """Explained part of the variance: 1 is perfect, 0 is the mean."""
    known = np.stack(targets)
    rest = np.square(np.stack(outputs) - known).sum()
    return float(1 - rest / np.square(known - known.mean(axis=0)).sum().clip(1e-9))


@register_problem("my_sums")
class MySums(Problem):
    """Three numbers to their sum and their first difference."""

    inputs = Vector(3)
    targets = Vector(2)
    metrics = ("my_r2",)
    splits = ("train", "dev", "test")

    def examples(self, split, raw_dir):
        draws = np.random.default_rng(len(split))
        rows = {"train": 120, "dev": 20, "test": 40}[split]
        for x in draws.normal(size=(rows, 3)):
            yield {"inputs": x, "targets": [x.sum(), x[0] - x[1]]}
