"""The plain Transformer as a specialist: what it is trained for, and what it puts out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from bench.specialists.batches import by_length, endless, padded
from bench.specialists.cnn import of_targets
from bench.specialists.records import Examples, Records
from bench.specialists.search import searched
from bench.specialists.settings import Transformer
from bench.specialists.transformer import PAD, Net

ROWS = 32
"""Rows of a batch that is decoded."""


class TextSpecialist:
    """Texts to texts."""

    def __init__(
        self, settings: Transformer, records: Records, draws: np.random.Generator, beams: int
    ) -> None:
        self.settings, self._records = settings, records
        self._draws, self._beams = draws, beams
        self.net = Net(settings, records)
        self.optimizer = torch.optim.Adam(
            self.net.parameters(), betas=(0.9, 0.98), eps=1e-9, fused=True
        )

    def losses(self) -> Iterator[Tensor]:
        """The loss of each next batch."""
        examples = self._records.train
        for chosen in endless(lengths(examples), self.settings.tokens, self._draws):
            source, target = tensors(examples, chosen)
            logits = self.net(source, target)
            wanted = target[target != PAD]
            yield F.cross_entropy(logits, wanted, label_smoothing=self.settings.smoothing)

    @torch.no_grad()
    def outputs(self) -> dict[str, np.ndarray]:
        """log_prob and rank of every target, one text behind the other, and the outputs.

        `greedy` and `beam` are int [n, longest], zeros behind each.
        """
        return {
            **self._forced(),
            "greedy": self._written(1),
            **({"beam": self._written(self._beams)} if self._beams > 1 else {}),
        }

    def _forced(self) -> dict[str, np.ndarray]:
        examples = self._records.test
        found: list[dict[str, np.ndarray]] = [{}] * len(examples.targets)
        for chosen in by_length(lengths(examples), 2048, np.random.default_rng(0)):
            source, target = tensors(examples, chosen)
            scores = of_targets(self.net(source, target), target[target != PAD])
            ends = np.cumsum([len(examples.targets[i]) for i in chosen])[:-1]
            for name, values in scores.items():
                for number, part in zip(chosen, np.split(values, ends), strict=True):
                    found[number] = {**found[number], name: part}
        return {n: np.concatenate([one[n] for one in found]) for n in ("log_prob", "rank")}

    def _written(self, beams: int) -> np.ndarray:
        inputs, numbers = self._records.test.inputs, self._records.decoded
        order = np.argsort([len(inputs[i]) for i in numbers], kind="stable")
        written: list[np.ndarray] = [np.zeros(1, int)] * len(numbers)
        for begin in range(0, len(order), ROWS):
            places = order[begin : begin + ROWS]
            source = as_tensor([inputs[numbers[place]] for place in places])
            for place, ids in zip(places, searched(self.net, source, beams), strict=True):
                written[place] = np.asarray([*ids, PAD])
        return padded(written)


def lengths(examples: Examples) -> np.ndarray:
    """int [n]: the longer side of each example."""
    pairs = zip(examples.inputs, examples.targets, strict=True)
    return np.asarray([max(len(source), len(target)) for source, target in pairs])


def tensors(examples: Examples, chosen: Sequence[int] | np.ndarray) -> tuple[Tensor, Tensor]:
    """Sources and targets, int [B, S] and [B, T], zeros behind each."""
    sides = (examples.inputs, examples.targets)
    source, target = (as_tensor([side[i] for i in chosen]) for side in sides)
    return source, target


def as_tensor(arrays: list[np.ndarray]) -> Tensor:
    """int [B, T], zeros behind each."""
    return torch.from_numpy(padded(arrays).astype(np.int64))
