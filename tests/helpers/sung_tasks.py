"""A user's file: speech of the simplest kind, tones that stand for words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import Audio, Problem, Text, register_problem

NOTES = {"la": 300, "do": 800, "mi": 1500}


@register_problem("sung_words")
class SungWords(Problem):
    """Two or three tones to the words for them."""

    inputs = Audio(rate=4000, n_mels=8, max_seconds=2)
    targets = Text(max_length=24)
    metrics = ("wer",)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        draws = np.random.default_rng(split == "train")
        time = np.arange(1000) / 4000
        for count in [2, 3] * (24 if split == "train" else 2):
            words = draws.choice(list(NOTES), count)
            tones = [np.sin(2 * np.pi * NOTES[word] * time) * (time < 0.2) for word in words]
            yield {"inputs": (np.concatenate(tones), 4000), "targets": " ".join(words)}
