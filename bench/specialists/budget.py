"""CPU seconds of a process, on one core: what both sides of a comparison may spend on training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, from which a process imports `bench`."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Cost:
    """What a training cost."""

    parameters: int
    steps: int
    cpu_seconds: float | None = None
    """Of the process from its start to the end of its last step; None: of a joint run, which was
    trained on other problems too."""
    start_seconds: float | None = None
    """The part of them before the second step: imports, records, and what is compiled."""
    wall_seconds: float | None = None
    """From before the first step to the end of the last."""

    @property
    def step_ms(self) -> float | None:
        """CPU milliseconds of a step after the first; None for a single step."""
        if self.cpu_seconds is None or self.start_seconds is None or self.steps < 2:
            return None
        return 1000 * (self.cpu_seconds - self.start_seconds) / (self.steps - 1)


class Clock:
    """Notes the CPU seconds of this process at the end of each step."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self._wall = time.monotonic()

    def tick(self) -> None:
        """Ends a step."""
        self.ends.append(time.process_time())

    def cost(self, parameters: int) -> Cost:
        """The cost of the steps so far, of which there must be one."""
        wall = time.monotonic() - self._wall
        return Cost(parameters, len(self.ends), self.ends[-1], self.ends[0], wall)


def rate_factor(spent: float, warmup: float) -> float:
    """What the peak learning rate is multiplied with.

    Args:
        spent: part of the budget, from 0 to 1.
        warmup: part in which the factor grows to 1; it falls to 0 in the rest.
    """
    return spent / warmup if spent < warmup else (1 - spent) / (1 - warmup)


def steps_within(cpu_seconds: float, calibration: Cost) -> int:
    """Steps that a training of so many CPU seconds has time for.

    Args:
        cpu_seconds: of the whole process.
        calibration: the cost of a shorter training, of several steps.

    Raises:
        UserError: not even for two.
    """
    start, step_ms = calibration.start_seconds, calibration.step_ms
    assert start is not None and step_ms is not None
    steps = 1 + int((cpu_seconds - start) / (step_ms / 1000))
    if steps < 2:
        raise UserError(
            f"--cpu_seconds={cpu_seconds:g} ends before the second step of the project's net: "
            f"start-up and first step take {start:.1f} CPU seconds.",
            fix=f"Give it more, such as --cpu_seconds={2 * start:.0f}",
        )
    return steps


def stay_on_one_core() -> None:
    """Keeps this process and all its threads on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run_module(module: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Runs a module of this folder in a process of its own, with one thread for each pool.

    Args:
        module: its name in `bench.specialists`.
        flags: name -> value.

    Returns:
        The JSON object on the last line that it prints.

    Raises:
        UserError: it failed; the error holds the end of what it said.
    """
    command = [sys.executable, "-m", f"bench.specialists.{module}"]
    command += [f"--{name}={value}" for name, value in flags.items()]
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    own = dict.fromkeys(THREADS, "1") | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **own})
    if done.returncode:
        raise UserError(f"{module} ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def print_cost(cost: Cost) -> None:
    """Prints what `run_module` reads."""
    print(json.dumps(asdict(cost)), flush=True)
