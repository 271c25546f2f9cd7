"""Batches of all eight problems of the octet and of ImageNet's twin: always the same.

It does not matter how many threads make them, nor whether the run was stopped and went on.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from t2t_multimodel import (
    ClassLabel,
    Config,
    DataConfig,
    Image,
    MixtureConfig,
    Problem,
    TrainConfig,
    register_problem,
)
from t2t_multimodel.config import (
    AdaptiveMixtureConfig,
    RatesMixtureConfig,
    UnimaxMixtureConfig,
    rates,
)
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.mixture import Mixture, make_mixture
from t2t_multimodel.data.step_batches import StepBatches, made_ahead, step_plans
from t2t_multimodel.data.stream import BatchStream
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.hparams.octet import OCTET
from t2t_multimodel.problems.twins.imagenet_tiny import train_images
from t2t_multimodel.registry import problems, vocabularies

STEPS = 60
NAMES = [*(f"few_{name}" for name in OCTET), "few_imagenet"]
CONFIG = Config(
    problems=rates(*(f"{name}:{1 + n % 3}" for n, name in enumerate(NAMES))),
    data=DataConfig(tokens_per_batch=300, frames_per_batch=1500, pixels_per_batch=8000),
    train=TrainConfig(problems_per_step=3, seed=5),
)


def few_examples(name: str) -> None:
    """Registers the problem with the first 40 train examples of the octet's."""
    base = problems.get(name)

    @register_problem(f"few_{name}")
    class Few(base):
        splits = ("train",)
        train_shards = 2

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            return itertools.islice(base.examples(self, split, raw_dir), 40)


def few_photographs() -> None:
    """Registers the photographs of ImageNet's twin, cut and mirrored at random."""

    @register_problem("few_imagenet")
    class Photographs(Problem):
        inputs = Image(24, 24, encoded=True, crop=0.08, flip=True)
        targets = ClassLabel(1000)
        splits = ("train",)
        train_shards = 2

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for label, _, photograph in train_images():
                yield {"inputs": photograph, "targets": label}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    for name in OCTET:
        few_examples(name)
    few_photographs()
    octet = vocabularies.get("octet")
    texts = ["All sentences of the help are read from left to right."]
    model = train(texts, 330, octet.symbols, "octet")
    tokenizers = {"octet": SubwordTokenizer("octet", model)}
    folder = tmp_path_factory.mktemp("octet")
    return generate(
        NAMES, folder, options=DatagenOptions(tokenizers=tokenizers, report=lambda _: None)
    )


def fresh(
    prepared: dict[str, Prepared], mixture: MixtureConfig
) -> tuple[dict[str, BatchStream], Mixture]:
    """Streams and mixture as a new process makes them."""
    config = CONFIG.replace(mixture=mixture)
    streams = {
        name: BatchStream(one.dataset("train"), config.data, config.train.seed, name)
        for name, one in prepared.items()
    }
    return streams, make_mixture(config, {name: one.sizes for name, one in streams.items()})


def trained(
    streams: dict[str, BatchStream],
    mixture: Mixture,
    steps: range,
    positions: dict[str, int],
    workers: int = 2,
) -> Iterator[tuple[StepBatches, str]]:
    """Each step with the state that a checkpoint after it holds; losses follow from the batch."""
    plans = step_plans(mixture, steps.start, positions)
    with closing(made_ahead(plans, streams, workers)) as batches:
        for step in steps:
            item = next(batches)
            losses = [float(batch["targets_length"].mean()) / 10 for batch in item.batches]
            mixture.observe(step, item.problems, losses)
            yield item, json.dumps([item.positions, mixture.state()])


@pytest.mark.parametrize(
    "mixture", [RatesMixtureConfig(), UnimaxMixtureConfig(), AdaptiveMixtureConfig(steps=8)]
)
def test_after_a_resume_every_batch_is_that_of_a_run_never_stopped(
    prepared: dict[str, Prepared], mixture: MixtureConfig
) -> None:
    whole = list(trained(*fresh(prepared, mixture), range(STEPS), {}))
    assert {name for item, _ in whole for name in item.problems} == set(NAMES)
    assert max(whole[-1][0].positions.values()) > 15  # several epochs of some
    for stop in (1, 21, 40):
        streams, again = fresh(prepared, mixture)
        positions, state = json.loads(whole[stop - 1][1])
        again.restore(state)
        resumed = trained(streams, again, range(stop, STEPS), positions)
        for (item, saved), (expected, expected_saved) in zip(resumed, whole[stop:], strict=True):
            assert (item.step, item.problems) == (expected.step, expected.problems)
            assert saved == expected_saved
            for batch, other in zip(item.batches, expected.batches, strict=True):
                assert_equal(batch, other)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads_make_the_batches_that_a_caller_makes_without_them(
    prepared: dict[str, Prepared], workers: int
) -> None:
    streams, mixture = fresh(prepared, RatesMixtureConfig())
    alone, seen = fresh(prepared, RatesMixtureConfig())[0], set()
    for item, _ in trained(streams, mixture, range(STEPS), {}, workers):
        used = {name: number - item.problems.count(name) for name, number in item.positions.items()}
        for name, batch in zip(item.problems, item.batches, strict=True):
            assert_equal(batch, alone[name][used[name]])
            used[name] += 1
            seen.add(name)
    assert seen == set(NAMES)


def assert_equal(batch: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert batch.keys() == other.keys()
    assert all(np.array_equal(batch[key], other[key]) for key in batch)
