"""Records of two small problems, sentences and dots, and streams of their batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import ClassLabel, DataConfig, Image, Problem, Text, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.stream import BatchStream
from t2t_multimodel.registry import problems

CONFIG = DataConfig(tokens_per_batch=60, examples_per_batch=6)


def words_and_dots(folder: Path) -> dict[str, Prepared]:
    """The records of `made_words` and `made_dots`; other modules' tests do not see the problems."""

    @register_problem("made_words")
    class Words(Problem):
        inputs = Text()
        targets = Text()

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(40):
                yield {"inputs": "q " * (1 + n % 9), "targets": f"z {n}"}

    @register_problem("made_dots")
    class Dots(Problem):
        inputs = Image(2, 2, 1)
        targets = ClassLabel(17)

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            for n in range(17):
                yield {"inputs": np.full((2, 2, 1), n, np.uint8), "targets": n}

    names = ["made_words", "made_dots"]
    made = generate(names, folder, options=DatagenOptions(vocab_size=300, report=lambda _: None))
    for name in names:
        del problems._objects[name], problems._run_time[name]
    return made


def streams_of(prepared: dict[str, Prepared], seed: int = 0) -> dict[str, BatchStream]:
    return {
        name: BatchStream(one.dataset("train"), CONFIG, seed, name)
        for name, one in prepared.items()
    }
