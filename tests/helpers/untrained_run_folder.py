"""The folder of a run that nobody trained: two problems, three steps, known numbers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from t2t_multimodel import Config, TrainConfig
from t2t_multimodel.config import rates
from t2t_multimodel.config.tree import flatten

CONFIG = Config(problems=rates("a:2", "b"), train=TrainConfig(steps=9))
SESSION = {
    "time": "2024-05-06T07:08:09Z",
    "command": ["mm-trainer", "--problems=a:2,b", "--output_dir=my run"],
    "packages": {"keras": "3.1"},
    "python": "3.11",
    "backend": "tensorflow",
    "system": "Linux",
    "git": {"commit": "c0", "changed": []},
}
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
        "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
    )
).decode()
"""A PNG of one black pixel."""


def untrained_run_folder(folder: Path, config: Config = CONFIG, **changes: Any) -> Path:
    """A run that has just begun: `config.json` alone."""
    origins = dict.fromkeys(flatten(config), "default") | {"train.steps": "set made"}
    record = {
        "hparams_set": "made",
        "config": config.to_dict(),
        "origins": origins | changes.pop("origins", {}),
        "data": {"a": "aa", "b": "bb"},
        "sessions": [SESSION],
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(record | changes))
    return folder


def log(folder: Path) -> None:
    """Three steps: `a` is text, whose layer routes to two experts; `b` is classes."""
    lines: list[dict[str, Any]] = []
    for step, xent, share in ((1, 4.0, 0.5), (2, 2.0, 0.75), (3, 1.0, 1.0)):
        of_a = {"a/train/xent": xent, "a/train/share_encoder": [share, 1 - share]}
        of_b = {"b/train/xent": 2 * xent, "b/train/share_encoder": [0.5, 0.5]}
        lines.append({"step": step, **of_a, **of_b, "train/learning_rate": 0.1})
    lines.append(
        {"step": 2, "a/dev/teacher_forced/log_ppl": 2.5, "a/dev/teacher_forced/accuracy": 0.25}
    )
    lines.append({"step": 2, "b/dev/log_ppl": 1.5, "b/dev/top1": 0.5})
    lines.append(
        {"step": 3, "a/dev/teacher_forced/log_ppl": 1.25, "a/dev/teacher_forced/accuracy": 0.5}
    )
    lines.append({"step": 3, "b/dev/log_ppl": 1.0, "b/dev/top1": 0.25})
    text = "".join(json.dumps({**line, "time": 0.0}) + "\n" for line in lines)
    (folder / "scalars.jsonl").write_text(text + '{"step": 4, "a/tr')  # cut off by a kill


def finish(folder: Path) -> None:
    """The table, the baselines, the mixture and the samples."""
    rows = [
        row("a", {"teacher_forced/log_ppl": 1.5, "decoded/bleu": 23.456}, [1.25, 1.75], "yes"),
        row("b", {"log_ppl": 1.0, "top1": 0.5}, [0.25, 0.75], "not sure"),
    ]
    baselines = {"a": {"test": {"source_blind": {"teacher_forced/log_ppl": 2.0}, "trivial": {}}}}
    part = {"inputs": 9, "train_examples": 4}
    mixture = [
        {"problem": "a", "asked": 6.0, "batches": 6, "examples": 30, "targets": 60, **part},
        {"problem": "b", "asked": 3.0, "batches": 3, "examples": 10, "targets": 40, **part},
    ]
    for one in mixture:
        one["epochs"] = one["examples"] / 4
    text = {"number": 3, "type": "text/plain", "data": "", "words": "a | b_c *d*"}
    picture = {"number": 7, "type": "image/png", "data": PIXEL, "words": "picture 1x1"}
    samples = [
        {**text, "target": "ein Hund", "output": "<script>alert(1)</script>"},
        {**picture, "target": "cat", "output": "dog, cat"},
    ]
    values = {
        "results.json": rows,
        "baselines.json": baselines,
        "mixture.json": {"steps": 3, "problems": mixture},
        "samples.json": {"a": {"step": 3, "split": "test", "samples": samples}},
    }
    for name, value in values.items():
        (folder / name).write_text(json.dumps(value))


def row(problem: str, scores: dict[str, float], ends: list[float], above: str) -> dict[str, Any]:
    """One problem of `results.json`."""
    compared = next(name for name in scores if name in ("teacher_forced/log_ppl", "top1"))
    return {
        "problem": problem,
        "split": "test",
        "examples": 1200,
        "scores": scores,
        "intervals": {compared: ends},
        "trivial_baseline": {compared: 4.5},
        "source_blind_baseline": {compared: 2.0},
        "classical_baseline": {compared: 3.0},
        "decoded_examples": 40,
        "verdict": {
            "loss": compared,
            "metric": "",
            "loss_above_source_blind": above,
            "metric_above_source_blind": "",
            "above_classical": "no",
            "learned": above,
        },
    }
