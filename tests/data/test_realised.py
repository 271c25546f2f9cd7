"""What a mixture came to is counted from positions and equals what the batches held."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import ClassLabel, DataConfig, Image, Problem, Text, register_problem
from t2t_multimodel.config import BatchBudget
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.realised import realised
from t2t_multimodel.data.step_batches import made_ahead, step_plans
from t2t_multimodel.data.strategies import Constant
from t2t_multimodel.data.stream import BatchStream

Streams = dict[str, BatchStream]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def made_streams(folder: Path, config: DataConfig) -> Streams:
    @register_problem("made_pairs")
    class Pairs(Problem):
        inputs = Text()
        targets = Text()

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(50):
                yield {"inputs": "q " * (1 + n % 9), "targets": "z " * (1 + n % 4)}

    @register_problem("made_blots")
    class Blots(Problem):
        inputs = Image(2, 2, 1)
        targets = ClassLabel(2)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            import numpy as np

            for n in range(20):
                yield {"inputs": np.full((2, 2, 1), n, np.uint8), "targets": n % 2}

    names = ["made_pairs", "made_blots"]
    made = generate(names, folder, options=DatagenOptions(vocab_size=300, report=lambda _: None))
    return {name: BatchStream(made[name].dataset("train"), config, 0, name) for name in names}


@pytest.mark.parametrize("steps", [0, 1, 40])
@pytest.mark.parametrize("most", [0, 15])
def test_counts_are_those_of_the_batches(folder: Path, steps: int, most: int) -> None:
    config = DataConfig(tokens_per_batch=60, examples_per_batch=6, max_examples=most)
    streams = made_streams(folder, config)
    mixture = Mixture(list(streams), Constant([3.0, 1.0]), 2, 0)
    items = list(itertools.islice(made_ahead(step_plans(mixture, 0, {}), streams, 1), steps))
    positions = items[-1].positions if items else {}
    rows = realised(mixture, streams, steps, positions)
    assert [row.problem for row in rows] == ["made_pairs", "made_blots"]
    for row in rows:
        batches = [
            batch
            for item in items
            for name, batch in zip(item.problems, item.batches, strict=True)
            if name == row.problem
        ]
        assert row.batches == len(batches)
        assert row.examples == sum(len(batch["inputs"]) for batch in batches)
        assert row.inputs == sum(batch["inputs_length"].sum() for batch in batches)
        assert row.targets == sum(batch["targets_length"].sum() for batch in batches)
        assert row.train_examples == (most or {"made_pairs": 50, "made_blots": 20}[row.problem])
        assert row.epochs == row.examples / row.train_examples
        assert row.to_dict()["epochs"] == row.epochs
    assert [row.asked for row in rows] == pytest.approx([steps * 1.5, steps * 0.5])


def test_a_bounded_choice_of_examples_is_the_seeds(folder: Path) -> None:
    config = DataConfig(max_examples=15)
    first, again = (made_streams(folder, config)["made_pairs"] for _ in range(2))

    def members(stream: BatchStream) -> set[int]:
        return {int(i) for bucket in stream.plan.buckets for i in bucket.members}

    assert len(members(first)) == 15
    assert members(first) == members(again)
    dataset = first._dataset
    other = BatchStream(dataset, config, 1, "made_pairs")
    assert members(other) != members(first)
    assert members(BatchStream(dataset, DataConfig(max_examples=90), 0, "x")) == set(range(50))


def test_a_budget_of_its_own_reaches_the_batches(folder: Path) -> None:
    config = DataConfig(budgets=(BatchBudget(problem="made_blots", unit="examples", number=3),))
    streams = made_streams(folder, config)
    assert len(streams["made_blots"][0]["targets"]) == 3
    assert len(streams["made_pairs"][0]["targets"]) > 3
