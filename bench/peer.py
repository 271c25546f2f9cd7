"""Two sides in turn, each in a process of its own: a bench, and the command of a peer.

The last line that a side prints is JSON with cpu_ms and wall_ms; a peer may say median_ms.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
from typing import Any


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of a comparison."""
    parser.add_argument("--peer", default="", help="command to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side")


def compare(flags: argparse.Namespace) -> None:
    """Runs both sides in turn; prints each run and the ratios of medians."""
    ours, theirs = [], []
    for _ in range(flags.rounds):
        theirs.append(run_json(shlex.split(flags.peer)))
        ours.append(own_run("--peer="))
        print(json.dumps({"peer": theirs[-1], "ours": ours[-1]}), flush=True)
    for name in ("cpu_ms", "wall_ms"):
        medians = [statistics.median(side[name] for side in sides) for sides in (theirs, ours)]
        ratio = medians[0] / medians[1]
        print(f"{name}: peer {medians[0]:.1f}, ours {medians[1]:.1f}, ratio {ratio:.2f}")


def own_run(*changes: str) -> dict[str, Any]:
    """This very command in a process of its own, with flags changed; the last of each counts."""
    return run_json([sys.executable, *sys.argv, *changes])


def run_json(command: list[str], **environment: str) -> dict[str, Any]:
    """Runs a command with variables added to the environment; reads the last line it prints."""
    own = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=own)
    if done.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {"wall_ms": found.get("median_ms"), **found}
