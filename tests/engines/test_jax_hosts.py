"""Two processes on loopback that share a mesh of four virtual devices, beside one process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from helpers.finished_run import TASKS
from helpers.jax_process import NEEDS_JAX, QUICK
from helpers.worker_processes import Workers, assert_same_curve, stop, training_scalars

from t2t_multimodel.checkpoints.checkpoint import newest_whole

pytestmark = NEEDS_JAX
TOLERANCE = 1e-5
"""Relative, of losses and gradient norms: sums in another order."""
ON_JAX = {**QUICK, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
HPARAMS = (
    "train.steps=8,train.log_steps=1,train.checkpoint_steps=3,data.static_shapes=true,"
    "data.examples_per_batch=3,evaluate.steps=4,evaluate.examples=2,evaluate.final_examples=2,"
    "evaluate.decode_examples=2"
)
"""Micro-batches of three rows: what two processes can not share evenly."""


def test_two_processes_learn_what_one_does_and_go_on_when_one_was_killed(tmp_path: Path) -> None:
    flags = ["--hparams_set=made_tiny", "--problems=made_colours", f"--usr_dir={TASKS}"]
    flags += [f"--hparams={HPARAMS}", f"--data_dir={tmp_path / 'data'}"]
    alone = [sys.executable, "-m", "t2t_multimodel.bin.mm_trainer", *flags]
    alone += [f"--output_dir={tmp_path / 'alone'}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **ON_JAX}
    subprocess.run(alone, env=environment, check=True, capture_output=True)
    expected = training_scalars(tmp_path / "alone")
    assert max(expected) == 8

    devices = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    workers = Workers(tmp_path, [*flags, "--distribution=data:2,experts:2"], {**ON_JAX, **devices})
    processes = workers.start()
    workers.wait_for_step(5, processes)
    processes[1].kill()
    assert stop(processes) == [2, -signal.SIGKILL]
    told = workers.log(0).read_text()
    assert "Another worker of this run stopped or can not be reached: " in told
    assert "Traceback" not in told

    saved = newest_whole(workers.folder / "checkpoints")
    assert saved is not None
    told = f"Going on from {saved.path}, step {saved.step}."
    assert saved.step in (3, 4, 6)
    assert stop(workers.start()) == [0, 0]
    assert told in workers.log(0).read_text()
    assert_same_curve(workers.scalars(), expected, TOLERANCE)
    assert max(workers.scalars()) == 8
    tables = [
        json.loads((folder / "results.json").read_text())
        for folder in (workers.folder, tmp_path / "alone")
    ]
    scores = [[row["scores"]["log_ppl"] for row in table] for table in tables]
    assert abs(scores[0][0] - scores[1][0]) < 1e-3
    assert "log_ppl" not in workers.log(1).read_text()  # the chief alone prints the table
