"""Proof of exact resume: a run that is killed again and again equals one that is not.

Both run as processes of their own, as a user starts them. The kills are SIGKILL, which no program
can catch, at random moments of random steps; each time the same command goes on.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.errors import UserError

Scalars = dict[int, dict[str, float]]
"""Step -> what was logged of training itself."""
_OVERRIDES = (
    "train.log_steps=1,evaluate.steps=0,evaluate.patience=0,evaluate.final_examples=1,"
    "evaluate.decode_examples=0"
)
_LONGEST_WAIT_S = 0.2  # a step or two on a small network take so long
_NOT_COMPARED = ("train/examples_per_second", "train/waiting", "train/traces")


def verify_resume(
    arguments: Sequence[str],
    hparams: str,
    folder: Path,
    steps: int,
    kills: int = 10,
    seed: int = 0,
) -> None:
    """Trains undisturbed, then with kills, and compares losses and weights bit for bit.

    Args:
        arguments: flags of mm-trainer, but for `--hparams`, `--output_dir` and `--train_steps`.
        hparams: what `--hparams` says; how often is logged, saved and evaluated is set here.
        folder: gets the two runs, `undisturbed` and `killed`.
        steps: length of both.
        kills: how many.
        seed: of the moments.

    Raises:
        UserError: a step's loss, or a weight or slot at the end, differs.
    """
    if kills >= steps:
        raise UserError(f"{kills} kills need more than {steps} steps.", "Raise --train_steps.")
    if any((folder / name).exists() for name in ("undisturbed", "killed", "config.json")):
        raise UserError(f"{folder} holds runs already.", "Give another --output_dir.")
    draws = random.Random(seed)
    every = max(2, steps // (2 * kills))  # most kills lose steps, and some lose none
    command = [sys.executable, "-m", "t2t_multimodel.bin.mm_trainer", *arguments]
    command += [f"--train_steps={steps}"]
    command += [f"--hparams={hparams},{_OVERRIDES},train.checkpoint_steps={every}"]
    print(f"undisturbed: {steps} steps", flush=True)
    _finish(command, folder / "undisturbed")
    wanted = _scalars(folder / "undisturbed")
    for step in sorted(draws.sample(range(1, steps), kills)):
        _kill_at(command, folder / "killed", step, draws.random())
        have = _scalars(folder / "killed")
        print(f"killed in step {max(have, default=0) + 1}, due from step {step} on", flush=True)
        _compare_scalars(wanted, have)
    _finish(command, folder / "killed")
    _compare_scalars(wanted, _scalars(folder / "killed"), steps)
    arrays = _compare_arrays(*(open_checkpoint(folder / run) for run in ("undisturbed", "killed")))
    print(f"{kills} kills: {steps} steps' losses and {arrays} arrays are equal bit for bit.")


def _finish(command: list[str], run: Path) -> None:
    done = subprocess.run([*command, f"--output_dir={run}"], capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"{shlex.join(command)} ended with code {done.returncode}:\n{done.stderr[-2000:]}"
        )


def _kill_at(command: list[str], run: Path, step: int, moment: float) -> None:
    """Starts the run and kills it once it has logged `step` anew, a random moment later."""
    due = max(step, max(_scalars(run), default=0) + 1)
    process = subprocess.Popen(
        [*command, f"--output_dir={run}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and max(_scalars(run), default=0) < due:
        time.sleep(0.01)
    time.sleep(moment * _LONGEST_WAIT_S)
    if process.poll() is not None:
        raise UserError(f"{shlex.join(command)} ended before step {step} of {run}.")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _scalars(run: Path) -> Scalars:
    """Reads what a run logged of training; a kill may have cut the last line off."""
    file, logged = run / "scalars.jsonl", Scalars()
    if file.is_file():
        for line in file.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                values = json.loads(line)
                kept = {k: v for k, v in values.items() if "train/" in k and k not in _NOT_COMPARED}
                logged.setdefault(values["step"], {}).update(kept)
    return logged


def _compare_scalars(wanted: Scalars, have: Scalars, steps: int = 0) -> None:
    for step in range(1, steps + 1) if steps else sorted(have):
        if have.get(step) != wanted.get(step):
            raise UserError(
                f"Step {step} differs: {have.get(step)} after kills, {wanted.get(step)} without."
            )


def _compare_arrays(first: Checkpoint, second: Checkpoint) -> int:
    a, b = _arrays(first), _arrays(second)
    for name in a:
        if name not in b or a[name].tobytes() != b[name].tobytes():
            raise UserError(f"{name} differs between {first.path} and {second.path}.")
    return len(a)


def _arrays(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    model = checkpoint.model()
    weights = {f"model/{v.path}": np.asarray(v.value) for v in model.variables}
    return {**weights, **checkpoint.optimizer()}
