"""Two processes that train one run together, started as a user starts them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from conftest import ROOT


class Workers:
    """Starts the workers of one run, and reads what they leave.

    Args:
        folder: for the run and the logs.
        flags: of mm-trainer, but for its folder and those that name the workers.
        environment: of each process, besides that of the tests.
    """

    def __init__(self, folder: Path, flags: list[str], environment: dict[str, str]) -> None:
        self.folder, self.logs = folder / "run", folder
        self._flags, self._environment = flags, environment
        self.started = 0

    def start(self) -> list[subprocess.Popen]:
        """Both, with one command but for `--worker`."""
        self.started += 1
        with socket.socket() as first, socket.socket() as second:
            for one in (first, second):
                one.bind(("localhost", 0))
            cluster = ",".join(f"localhost:{one.getsockname()[1]}" for one in (first, second))
        command = [sys.executable, "-m", "t2t_multimodel.bin.mm_trainer", *self._flags]
        command += [f"--output_dir={self.folder}", f"--cluster={cluster}"]
        return [self._start_one([*command, f"--worker={worker}"], worker) for worker in range(2)]

    def _start_one(self, command: list[str], worker: int) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self._environment}
        with open(self.log(worker), "w") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    def log(self, worker: int) -> Path:
        """What a worker wrote since the last start."""
        return self.logs / f"{self.started}-{worker}.txt"

    def scalars(self) -> dict[int, dict[str, float]]:
        """Step -> what the chief logged of its training."""
        return training_scalars(self.folder)

    def wait_for_step(self, step: int, processes: list[subprocess.Popen]) -> None:
        """Returns when the chief has logged a step; fails if a process has ended before."""
        end = time.monotonic() + 300
        while max(self.scalars(), default=0) < step:
            states = [process.poll() for process in processes]
            told = "\n".join(self.log(worker).read_text()[-2000:] for worker in range(2))
            assert states == [None, None], told
            assert time.monotonic() < end, told
            time.sleep(0.05)


def training_scalars(folder: Path) -> dict[int, dict[str, float]]:
    """Step -> what a run logged of its training, whole lines only."""
    file = folder / "scalars.jsonl"
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    whole = map(json.loads, (line for line in lines if line[-1] == "\n"))
    return {one["step"]: one for one in whole if "train/gradient_norm" in one}


def stop(processes: list[subprocess.Popen]) -> list[int]:
    """Exit codes, once both have ended by themselves."""
    try:
        return [process.wait(300) for process in processes]
    finally:
        for process in processes:
            process.kill()


def assert_same_curve(
    found: dict[int, dict[str, float]], expected: dict[int, dict[str, float]], relative: float
) -> None:
    """Raises unless each step from 1 on has the losses and the norm that it had elsewhere.

    Args:
        found: step -> what was logged.
        expected: the same of another run; it may be longer.
        relative: the largest difference.
    """
    assert sorted(found) == list(range(1, max(found) + 1))
    for step, scalars in found.items():
        names = [n for n in scalars if n == "train/gradient_norm" or n.endswith("/train/xent")]
        assert len(names) > 1
        for name in names:
            difference = abs(scalars[name] - expected[step][name])
            assert difference <= relative * abs(expected[step][name]), (step, name)
