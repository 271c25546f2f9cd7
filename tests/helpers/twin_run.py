"""A problem's tiny twin through everything: raw files, datagen, training, decoding, metrics."""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import usr_dir
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.evaluate.evaluator import Result
from t2t_multimodel.overrides import Overrides, of_set, resolve
from t2t_multimodel.registry import metrics, problems
from t2t_multimodel.train.main import train

TASKS = Path(__file__).parent / "small_tasks.py"
STEPS = 20
VOCABULARY = 600


@dataclass(frozen=True)
class TinyRun:
    """What came out of a tiny run."""

    prepared: Prepared
    result: Result
    lines: list[str]
    """What datagen said: a line for each split, and for each kind of examples left out."""


def tiny_run(name: str, folder: Path, hparams: str = "") -> TinyRun:
    """Writes the twin, encodes it, trains 20 steps, decodes the test split and scores it.

    Asserts what holds for every problem: each split has examples, and every metric of the
    problem and every teacher-forced score is a number.

    Args:
        name: registered problem.
        folder: an empty one, such as pytest's `tmp_path`.
        hparams: further settings, "data.frames_per_batch=2000".
    """
    raw_dir, data_dir = folder / "raw", folder / "data"
    raw_dir.mkdir()
    problems.get(name)().tiny(raw_dir)
    lines: list[str] = []
    sys.modules.pop(usr_dir._module_name(TASKS), None)  # so that it registers its names again
    usr_dir.add(TASKS)
    settings = [f"train.steps={STEPS},evaluate.steps=0,evaluate.decode_examples=4"]
    tiny = of_set("made_tiny")
    data = tiny.config.data.replace(
        vocab_size=VOCABULARY,
        tokens_per_batch=512,
        frames_per_batch=4000,
        pixels_per_batch=400_000,
    )
    resolved = resolve(
        dataclasses.replace(tiny, config=tiny.config.replace(data=data)),
        Overrides(problems=[name], hparams=",".join([*settings, *filter(None, [hparams])])),
    )
    (prepared,) = generate(
        [name], data_dir, raw_dir, DatagenOptions(vocab_size=VOCABULARY, report=lines.append)
    ).values()
    (row,) = train(resolved, data_dir, raw_dir, folder / "run")

    problem, result = prepared.problem, row.result
    assert {split: len(prepared.dataset(split)) > 0 for split in problem.splits} == dict.fromkeys(
        problem.splits, True
    )
    metrics.check(problem.metrics)
    scored = {key.rpartition("/")[2] for key in result.scores}
    assert {*problem.metrics, "log_ppl"} <= scored
    assert all(math.isfinite(score) for score in result.scores.values()), result.scores
    return TinyRun(prepared, result, lines)
