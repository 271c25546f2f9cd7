"""Four small tasks of mixed modalities and settings for them, as a user's own file has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import (
    AttentionConfig,
    Audio,
    ClassLabel,
    Config,
    DataConfig,
    EvalConfig,
    ExpertsConfig,
    Image,
    ModelConfig,
    OptimizerConfig,
    PaperBodyConfig,
    PaperNetsConfig,
    Problem,
    Text,
    TrainConfig,
    Vocabulary,
    register_hparams,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.config import LinearScheduleConfig, rates

COLOURS = ("red", "green", "blue")
NUMBERS = ("one", "two", "three", "four", "five", "six")
SIZES = {"train": 60, "dev": 10, "test": 14}


def cases(split: str, kinds: int) -> Iterator[tuple[int, np.random.Generator]]:
    """The number of a kind, and a generator for whatever else an example needs."""
    first = {"train": 0, "dev": 1000, "test": 2000}[split]
    for n in range(SIZES[split]):
        yield n % kinds, np.random.default_rng(first + n)


@register_vocabulary("made_words")
class MadeWords(Vocabulary):
    """The words of all made tasks."""

    size = 300

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        yield from (*COLOURS, *NUMBERS)
        yield "numbers and colours of the made tasks"


@register_problem("made_colours")
class MadeColours(Problem):
    """Squares of three colours, told apart as classes."""

    inputs = Image(4, 4)
    targets = ClassLabel(names=COLOURS)
    metrics = ("top1",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for colour, rng in cases(split, 3):
            pixels = rng.integers(0, 80, (4, 4, 3), np.uint8)
            pixels[:, :, colour] += 150
            yield {"inputs": pixels, "targets": colour}


@register_problem("made_captions")
class MadeCaptions(Problem):
    """The same squares, captioned with the name of their colour."""

    inputs = Image(4, 4)
    targets = Text(vocab="made_words", max_length=8)
    metrics = ("exact",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for example in MadeColours().examples(split, raw_dir):
            yield {**example, "targets": COLOURS[example["targets"]]}


@register_problem("made_tones")
class MadeTones(Problem):
    """Tones that rise or fall; log-mel frames are stored less their mean, so they must move."""

    inputs = Audio(rate=4000, n_mels=8, max_seconds=1)
    targets = ClassLabel(names=("rise", "fall"))
    metrics = ("top1",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for falls, rng in cases(split, 2):
            seconds = rng.uniform(0.15, 0.3)
            time = np.arange(int(4000 * seconds)) / 4000
            hertz = np.linspace(300, 1500, len(time))[:: -1 if falls else 1]
            yield {"inputs": (np.sin(2 * np.pi * hertz * time) / 2, 4000), "targets": falls}


@register_problem("made_numbers")
class MadeNumbers(Problem):
    """Digits to the words for them."""

    inputs = Text(vocab="made_words", max_length=12)
    targets = Text(vocab="made_words", max_length=12)
    metrics = ("exact", "wer")
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for first, rng in cases(split, 6):
            numbers = [first, *rng.integers(6, size=rng.integers(2))]
            yield {
                "inputs": " ".join(str(number + 1) for number in numbers),
                "targets": " ".join(NUMBERS[number] for number in numbers),
            }


@register_hparams("made_tiny")
def made_tiny() -> Config:
    """The smallest network that has every part; it learns the made tasks in seconds."""
    return Config(
        problems=rates("made_colours", "made_captions", "made_tones", "made_numbers"),
        model=ModelConfig(
            hidden_size=16,
            block_kernels=(3, 3, 3, 3),
            block_dilations=(1, 1, 1, 2),
            body=PaperBodyConfig(
                encoder_blocks=(1, 0),
                mixer_pre_blocks=0,
                mixer_blocks=0,
                decoder_blocks=(1, 0),
                attention=AttentionConfig(heads=2, residual=True, norm=True, projection=True),
                dropout_place="branch",
            ),
            nets=PaperNetsConfig(
                image_stem="full",
                image_blocks=0,
                exit_channels=(16, 16),
                audio_channels=(8, 8),
                audio_fold_frequency=True,
            ),
            moe=ExpertsConfig(experts=2, per_token=1, hidden=16, balance_rate=0.01),
            tie_softmax=True,
            dropout=0.05,
        ),
        data=DataConfig(tokens_per_batch=128, frames_per_batch=400, pixels_per_batch=256),
        optimizer=OptimizerConfig(
            learning_rate=1e-2, schedule=LinearScheduleConfig(warmup_steps=5)
        ),
        train=TrainConfig(steps=90, log_steps=1, checkpoint_steps=30, keep_checkpoints=2),
        evaluate=EvalConfig(steps=45),
    )
