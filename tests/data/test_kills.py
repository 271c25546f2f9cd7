"""Killed at any moment, the same command ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from conftest import ROOT

KILLS = 30
PROBLEM = '''
from t2t_multimodel import Problem, Text, register_problem


@register_problem("made_counting")
class Counting(Problem):
    """Numbers to their digits."""

    inputs = Text()
    targets = Text()
    train_shards = 5

    def examples(self, split, raw_dir):
        for n in range(900 if split == "train" else 60):
            yield {"inputs": f"number {n} of many", "targets": " ".join(str(n))}
'''
# Forks after the imports, so that the kills fall into the work. No TensorFlow, so no threads.
DRIVER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path

from t2t_multimodel import registry, usr_dir
from t2t_multimodel.data import datagen

problem, top, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
usr_dir.add(problem)
registry.problems.get("made_counting")

def start(data_dir):
    child = os.fork()
    if child == 0:
        options = datagen.DatagenOptions(vocab_size=300, report=lambda line: None)
        datagen.generate(["made_counting"], data_dir, options=options)
        os._exit(0)
    return child

def finish(data_dir):
    assert os.waitpid(start(data_dir), 0)[1] == 0

begin = time.monotonic()
finish(top / "undisturbed")
seconds = time.monotonic() - begin
killed = 0
rng = random.Random(0)
for n in range(kills):
    while killed == n:
        child = start(top / f"killed-{n}")
        time.sleep(rng.random() * seconds)
        os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0)[1] == signal.SIGKILL:
            killed += 1
        else:  # it had ended: the first one was slower
            shutil.rmtree(top / f"killed-{n}")
            seconds *= 0.9
    left = [path.name for path in (top / f"killed-{n}").rglob("*") if path.is_file()]
    (top / f"left-{n}.json").write_text(json.dumps(left))
    finish(top / f"killed-{n}")
heavy = [name for name in ("tensorflow", "keras") if name in sys.modules]
print(json.dumps({"killed": killed, "heavy": heavy}))
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_thirty_kills_at_random_moments_leave_no_trace(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(PROBLEM)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, tmp_path / "counting.py", tmp_path, str(KILLS)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["heavy"] == []
    assert result["killed"] == KILLS
    undisturbed = contents(tmp_path / "undisturbed")
    assert len(undisturbed) == 2 + 6 * 3 + 2  # vocabulary, six shards, two manifests
    for n in range(KILLS):
        assert contents(tmp_path / f"killed-{n}") == undisturbed
    states = {tuple(sorted(json.loads((tmp_path / f"left-{n}.json").read_text())))
              for n in range(KILLS)}  # fmt: skip
    assert len(states) >= 8  # the kills fell into many different states


def test_a_killed_parent_takes_its_workers_along(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(
        PROBLEM.replace(
            "            yield", "            __import__('time').sleep(0.001)\n            yield"
        )  # fmt: skip
    )
    flags = f"--problem=made_counting --vocab_size=300 --usr_dir={tmp_path / 'counting.py'}"
    command = [sys.executable, "-m", "t2t_multimodel.bin.mm_datagen", *flags.split()]

    def start(data_dir: Path, workers: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, f"--data_dir={data_dir}", f"--workers={workers}"],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    with start(tmp_path / "killed", 2) as parent:
        while not list((tmp_path / "killed").glob("made_counting/*/.*.tmp")):
            assert parent.poll() is None
            time.sleep(0.01)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _lives(parent.pid):  # the session of the parent, which only its workers are left of
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list((tmp_path / "killed").glob("made_counting/*/.*.tmp"))
    for data_dir in ("killed", "undisturbed"):
        assert start(tmp_path / data_dir, 1).wait() == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")


def _lives(session: int) -> bool:
    """Whether a process of the session is left (but for the dead that nobody has buried)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            return True
    return False
