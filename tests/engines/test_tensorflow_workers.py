"""Two worker processes on loopback, started as a user starts them, beside a run of one process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from helpers.finished_run import TASKS, Run
from helpers.worker_processes import Workers, assert_same_curve, stop, training_scalars

from t2t_multimodel.checkpoints.checkpoint import newest_whole

pytest.importorskip("tensorflow")

TOLERANCE = 1e-3
"""Relative, of losses and gradient norms: sums in another order, over a few steps."""
SHORT = "train.checkpoint_steps=4,evaluate.steps=0,evaluate.final_examples=2"


def test_two_workers_learn_what_one_does_and_stop_and_go_on(run: Run, tmp_path: Path) -> None:
    flags = ["--hparams_set=made_tiny", f"--usr_dir={TASKS}", f"--hparams={SHORT}"]
    flags += [f"--data_dir={run.data_dir}", "--distribution=multi_worker"]
    workers, alone = Workers(tmp_path, flags, {}), training_scalars(run.folder)
    processes = workers.start()
    workers.wait_for_step(6, processes)
    processes[1].kill()
    assert stop(processes) == [2, -signal.SIGKILL]
    told = workers.log(0).read_text()
    assert "Another worker of this run stopped or can not be reached: " in told
    assert told.endswith(
        "Its own output says why. Start all workers again with the same commands: they go on from "
        "the last checkpoint.\n"
    )
    assert "Traceback" not in told
    assert_same_curve(workers.scalars(), alone, TOLERANCE)

    saved = newest_whole(workers.folder / "checkpoints")
    assert saved is not None and saved.step % 4 == 0
    processes = workers.start()  # the same commands, on ports that are free for certain
    workers.wait_for_step(saved.step + 3, processes)
    processes[1].send_signal(signal.SIGTERM)
    assert stop(processes) == [0, 0]
    for worker, by in enumerate(("a signal to another worker", "SIGTERM")):
        assert f"Going on from {saved.path}, step {saved.step}." in workers.log(worker).read_text()
        assert f"Stopped by {by} at step " in workers.log(worker).read_text()
    assert_same_curve(workers.scalars(), alone, TOLERANCE)
    last = newest_whole(workers.folder / "checkpoints")
    assert last is not None and last.step == max(workers.scalars())
