"""Two worker processes on loopback, started as a user starts them, beside a run of one process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.finished_run import TASKS, Run

from t2t_multimodel.checkpoints.checkpoint import newest_whole

pytest.importorskip("tensorflow")

TOLERANCE = 1e-3
"""Relative, of losses and gradient norms: sums in another order, over a few steps."""
SHORT = "train.checkpoint_steps=4,evaluate.steps=0,evaluate.final_examples=2"


class Workers:
    """Starts the workers of one run, and reads what they leave."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self.folder, self.data_dir = folder / "run", data_dir
        self.logs = folder
        self.started = 0

    def start(self) -> list[subprocess.Popen]:
        """Both, with one command but for `--worker`."""
        self.started += 1
        with socket.socket() as first, socket.socket() as second:
            for one in (first, second):
                one.bind(("localhost", 0))
            cluster = ",".join(f"localhost:{one.getsockname()[1]}" for one in (first, second))
        command = [sys.executable, "-m", "t2t_multimodel.bin.mm_trainer", "--hparams_set=made_tiny"]
        command += [f"--usr_dir={TASKS}", f"--hparams={SHORT}", f"--output_dir={self.folder}"]
        command += [f"--data_dir={self.data_dir}", "--distribution=multi_worker"]
        command += [f"--cluster={cluster}"]
        return [self.start_one([*command, f"--worker={worker}"], worker) for worker in range(2)]

    def start_one(self, command: list[str], worker: int) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with open(self.log(worker), "w") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    def log(self, worker: int) -> Path:
        return self.logs / f"{self.started}-{worker}.txt"

    def scalars(self) -> dict[int, dict[str, float]]:
        """Step -> what the chief logged of its training, whole lines only."""
        file = self.folder / "scalars.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        whole = map(json.loads, (line for line in lines if line[-1] == "\n"))
        return {one["step"]: one for one in whole if "train/gradient_norm" in one}

    def wait_for_step(self, step: int, processes: list[subprocess.Popen]) -> None:
        end = time.monotonic() + 300
        while max(self.scalars(), default=0) < step:
            states = [process.poll() for process in processes]
            told = "\n".join(self.log(worker).read_text()[-2000:] for worker in range(2))
            assert states == [None, None], told
            assert time.monotonic() < end, told
            time.sleep(0.05)


def stop(processes: list[subprocess.Popen]) -> list[int]:
    """Exit codes, once both have ended by themselves."""
    try:
        return [process.wait(120) for process in processes]
    finally:
        for process in processes:
            process.kill()


def assert_same_curve(found: dict[int, dict[str, float]], run: Run) -> None:
    lines = (run.folder / "scalars.jsonl").read_text().splitlines()
    expected = {one["step"]: one for one in map(json.loads, lines) if "train/gradient_norm" in one}
    assert sorted(found) == list(range(1, max(found) + 1))
    for step, scalars in found.items():
        for name in ("train/gradient_norm", *(f"{p}/train/xent" for p in run.prepared)):
            assert scalars[name] == pytest.approx(expected[step][name], rel=TOLERANCE), (step, name)


def test_two_workers_learn_what_one_does_and_stop_and_go_on(run: Run, tmp_path: Path) -> None:
    workers = Workers(tmp_path, run.data_dir)
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
    assert_same_curve(workers.scalars(), run)

    saved = newest_whole(workers.folder / "checkpoints")
    assert saved is not None and saved.step % 4 == 0
    processes = workers.start()  # the same commands, on ports that are free for certain
    workers.wait_for_step(saved.step + 3, processes)
    processes[1].send_signal(signal.SIGTERM)
    assert stop(processes) == [0, 0]
    for worker, by in enumerate(("a signal to another worker", "SIGTERM")):
        assert f"Going on from {saved.path}, step {saved.step}." in workers.log(worker).read_text()
        assert f"Stopped by {by} at step " in workers.log(worker).read_text()
    assert_same_curve(workers.scalars(), run)
    last = newest_whole(workers.folder / "checkpoints")
    assert last is not None and last.step == max(workers.scalars())
