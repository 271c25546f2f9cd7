"""A user's task trains jointly with other modalities, and the checkpoint alone repeats its scores.

Everything goes through the commands, each in a process of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome
from helpers.finished_run import TASKS

BEEPS = '''
import numpy as np
from t2t_multimodel import Audio, ClassLabel, Problem, register_problem


@register_problem("my_beeps")
class MyBeeps(Problem):
    """One beep or two."""

    inputs = Audio(rate=4000, n_mels=8)
    targets = ClassLabel(2)
    metrics = ("top1",)

    def examples(self, split, raw_dir):
        rng = np.random.default_rng(len(split))
        for n in range(40):
            time = np.arange(rng.integers(1200, 1600)) / 4000
            loud = np.sin(2 * np.pi * (4 if n % 2 else 8) * time) > 0
            yield {"inputs": (loud * np.sin(2 * np.pi * 600 * time), 4000), "targets": n % 2}
'''


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    (tmp_path / "beeps.py").write_text(BEEPS)
    return [f"--usr_dir={tmp_path}/beeps.py,{TASKS}", f"--data_dir={tmp_path}/data"]


def scores(path: Path) -> dict[str, Any]:
    return {row["problem"]: row["scores"] for row in json.loads(path.read_text())}


def test_sound_text_and_images_train_together_and_a_checkpoint_is_enough(
    tmp_path: Path, places: list[str], run_command: Callable[..., Outcome]
) -> None:
    output = tmp_path / "run"
    trained = run_command(
        "mm_trainer",
        "--problems=my_beeps:2,made_numbers,made_captions",
        "--hparams_set=made_tiny",
        "--train_steps=25",
        "--hparams=evaluate.steps=0,train.log_steps=5",
        f"--output_dir={output}",
        *places,
    )
    assert trained.code == 0, trained.err
    assert "Traceback" not in trained.err
    assert "my_beeps train: 40 examples" in trained.out
    first, *_, last = [line for line in trained.out.splitlines() if line.startswith("step ")]
    assert first.startswith("step 5/25  made_captions ")
    assert last.startswith("step 25/25  made_captions ")
    for name in ("my_beeps", "made_numbers", "made_captions"):
        assert loss(last, name) < loss(first, name)
    results = scores(output / "results.json")
    assert list(results) == ["my_beeps", "made_numbers", "made_captions"]
    assert results["my_beeps"]["top1"] > 0.5
    assert {"teacher_forced/log_ppl", "decoded/wer"} <= results["made_numbers"].keys()

    evaluated = run_command(
        "mm_eval", f"--output_dir={output}", f"--json={tmp_path}/scores.json", *places
    )
    assert evaluated.code == 0, evaluated.err
    assert scores(tmp_path / "scores.json") == results
    assert f"{output}/checkpoints/step-00000025, step 25" in evaluated.out

    refused = run_command(
        "mm_trainer",
        "--problems=my_beeps:2,made_numbers,made_captions",
        "--hparams_set=made_tiny",
        "--hparams=model.hidden_size=32",
        f"--output_dir={output}",
        *places,
    )
    assert refused.code == 2
    assert refused.err.splitlines()[-3:] == [
        f"{output} holds a run with other settings:",
        "  model.hidden_size: 16 then, 32 now",
        "Give the same settings to go on with it, or another --output_dir.",
    ]


def loss(line: str, problem: str) -> float:
    words = line.split()
    return float(words[words.index(problem) + 1])
