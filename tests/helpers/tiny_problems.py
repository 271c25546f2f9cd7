"""A user's file with problems of a few examples, whose baselines can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import Audio, ClassLabel, Image, Problem, Text, register_problem

SHADES = {"train": [0] * 60 + [1] * 30 + [3] * 10, "test": [0, 0, 1, 2]}


@register_problem("tiny_shades")
class TinyShades(Problem):
    """Grey squares; the number of their shade of six is the class."""

    inputs = Image(4, 4, 1)
    targets = ClassLabel(6)
    metrics = ("top1",)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for label in SHADES[split]:
            yield {"inputs": np.full((4, 4, 1), 80 * label, np.uint8), "targets": label}


@register_problem("tiny_words")
class TinyWords(Problem):
    """Silver translations of four English words."""

    inputs = Text()
    targets = Text()
    metrics = ("exact", "wer")
    splits = ("train", "dev", "test")
    pairs = (("one", "eins"), ("two", "zwei"), ("three", "drei"), ("a zwei", "zwei"))

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        chosen = {"train": [0, 1, 2, 3], "dev": [0], "test": [2, 3, 1, 0, 0]}[split]
        for source, target in (self.pairs[i] for i in chosen):
            yield {"inputs": source, "targets": target}


@register_problem("tiny_trees")
class TinyTrees(TinyWords):
    """Sentences of two and three words to trees."""

    metrics = ("bracket_f1",)
    pairs = (
        ("they dance", "(S (NP XX NP) (VP XX VP) S)"),
        ("we dance", "(S (NP XX NP) (VP XX VP) S)"),
        ("the dogs bark", "(S (NP XX XX NP) (VP XX VP) S)"),
        ("go home", "(S (VP XX (NP XX NP) VP) S)"),
    )


@register_problem("tiny_tones")
class TinyTones(Problem):
    """Tones of three pitches to their names."""

    inputs = Audio(rate=8000)
    targets = Text()
    metrics = ("exact",)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for name, pitch in (("low", 200), ("middle", 700), ("high", 2500)):
            for seconds in (0.3, 0.5) if split == "train" else (0.4,):
                # Half of it is silent, for log-mel frames are stored less their mean.
                time = np.arange(int(8000 * seconds)) / 8000
                sound = np.sin(2 * np.pi * pitch * time) * (time > seconds / 2)
                yield {"inputs": (sound.astype(np.float32), 8000), "targets": name}


@register_problem("tiny_waves")
class TinyWaves(TinyTones):
    """The same, kept as samples."""

    inputs = Audio(rate=8000, form="waveform")
