"""Kills datagen and trainer that work on a server of S3, and counts the bytes that are lost.

Each is killed at a moment drawn at random and started again, until all kills are done; then it is
left to end. Its records, checkpoints, scores and logs are compared with those of a run in a local
folder that nobody disturbed. After each kill the store is looked at: what a manifest or a
checkpoint's checksums tell of must be there, byte by byte.

    nice -n 19 python bench/storage_kills.py --kills=20

Needs the extra `dev` (moto's server, s3fs). Half of the kills are datagen's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import google_crc32c

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
PROBLEM = '''
from t2t_multimodel import Problem, Text, register_problem


@register_problem("made_counting")
class Counting(Problem):
    """Numbers to their digits."""

    inputs = Text(max_length=24)
    targets = Text(max_length=24)
    splits = ("train", "dev", "test")
    train_shards = 40

    def examples(self, split, raw_dir):
        for n in range(4000 if split == "train" else 24):
            yield {"inputs": f"number {n} of many", "targets": " ".join(str(n))}
'''
TRAIN = [
    "--problems=made_counting",
    "--hparams_set=made_tiny",
    "--hparams=train.checkpoint_steps=5,train.log_steps=1,evaluate.steps=20,evaluate.examples=8,"
    "evaluate.decode_examples=4,evaluate.resamples=100",
]


def command(name: str, flags: list[str]) -> subprocess.Popen[str]:
    """Starts a command in a process group of its own."""
    source = f"import sys; from t2t_multimodel.bin import mm_{name} as c; sys.exit(c.main())"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", source, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def ended(name: str, flags: list[str]) -> float:
    """Runs a command to its end; returns the seconds that it took."""
    begin = time.monotonic()
    process = command(name, flags)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return time.monotonic() - begin


def killed(name: str, flags: list[str], seconds: float) -> bool:
    """Starts a command and kills it and its workers; False if it had ended before."""
    process = command(name, flags)
    time.sleep(seconds)
    had_ended = process.poll() is not None
    if not had_ended:
        os.killpg(process.pid, signal.SIGKILL)
    said, _ = process.communicate()
    assert not had_ended or process.returncode == 0, said
    return not had_ended


def looked_at(store: Any) -> int:
    """Reads what manifests and checksums in the store tell of; returns the bytes that are wrong."""
    names, lost = store.find("shelf", detail=True), 0
    for name in names:
        folder = name.rpartition("/")[0]
        if name.endswith(("/train.json", "/dev.json", "/test.json")):
            for shard in json.loads(store.cat_file(name))["shards"]:
                data = _content(store, f"{folder}/{shard['file']}")
                if hashlib.sha256(data).hexdigest() != shard["sha256"]:
                    lost += shard["bytes"]
        elif name.endswith("/checksums.json"):
            for file, crc in json.loads(store.cat_file(name)).items():
                data = _content(store, f"{folder}/{file}")
                digest = google_crc32c.Checksum(data).hexdigest().decode()
                if digest != crc:
                    lost += len(data) or 1
    return lost


def _content(store: Any, name: str) -> bytes:
    try:
        return bytes(store.cat_file(name))
    except FileNotFoundError:
        return b""


def kill_all(name: str, flags: list[str], kills: int, seconds: float, store: Any) -> int:
    """Kills a command again and again, then lets it end; returns the bytes that were lost.

    Where it ends before it is killed, what it has made is removed, and it begins anew.
    """
    top = {"datagen": "shelf/data", "trainer": "shelf/run"}[name]
    done, lost, rng = 0, 0, random.Random(name)
    while done < kills:
        after = 1.0 + rng.random() * seconds
        if not killed(name, flags, after):
            store.rm(top, recursive=True)
            continue
        done += 1
        wrong = looked_at(store)
        lost += wrong
        print(f"{name}: kill {done} after {after:.1f} s, {wrong} bytes wrong", flush=True)
    ended(name, flags)
    print(f"{name}: {done} kills, then to its end", flush=True)
    return lost


def difference(local: Path, store: Any, top: str, skipped: tuple[str, ...]) -> int:
    """Bytes of the files below a local folder that the store holds otherwise, or not at all."""
    lost = 0
    for file in sorted(path for path in local.rglob("*") if path.is_file()):
        name = file.relative_to(local).as_posix()
        if file.is_symlink() or any(part in name for part in skipped):
            continue
        data = file.read_bytes()
        if _content(store, f"{top}/{name}") != data:
            print(f"differs: {top}/{name}")
            lost += len(data)
    return lost


def logged(text: str) -> list[tuple[int, dict[str, Any]]]:
    """Step and losses of each line of scalars."""
    lines = map(json.loads, text.splitlines())
    return [(one["step"], {k: v for k, v in one.items() if "loss" in k}) for one in lines]


def main() -> None:
    """Prints each kill, and in the end the bytes that were lost."""
    from helpers.s3_server import s3_server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, s3_server() as store:
        top = Path(folder)
        os.environ["XDG_STATE_HOME"] = folder
        (top / "mine").mkdir()
        (top / "mine/counting.py").write_text(PROBLEM)
        (top / "mine/tasks.py").write_text((ROOT / "tests/helpers/small_tasks.py").read_text())
        shared = [f"--usr_dir={top}/mine", f"--cache_dir={top}/cache"]
        make = ["--problem=made_counting", "--vocab_size=300", "--workers=2", *shared]
        train = [*TRAIN, f"--train_steps={given.steps}", *shared]
        seconds = ended("datagen", [*make, f"--data_dir={top}/data"])
        lost = kill_all("datagen", [*make, "--data_dir=s3://shelf/data"], given.kills // 2,
                        seconds * 1.5, store)  # fmt: skip
        lost += difference(top / "data", store, "shelf/data", ())
        seconds = ended("trainer", [*train, f"--data_dir={top}/data", f"--output_dir={top}/run"])
        run = ["--data_dir=s3://shelf/data", "--output_dir=s3://shelf/run"]
        lost += kill_all("trainer", [*train, *run], given.kills - given.kills // 2,
                         seconds * 0.6, store)  # fmt: skip
        # Times, sessions and zip dates differ; the optimizer, samples and scores must not.
        skipped = ("config.json", "state.json", "checksums.json", "model.keras", "tensorboard",
                   "scalars.jsonl", "report.")  # fmt: skip
        lost += difference(top / "run", store, "shelf/run", skipped)
        here = logged((top / "run/scalars.jsonl").read_text())
        there = logged(_content(store, "shelf/run/scalars.jsonl").decode())
        wrong = sum(one != other for one, other in zip(here, there, strict=False))
        wrong += abs(len(here) - len(there))
        print(f"lines of scalars that differ: {wrong} of {len(here)}")
        print(f"bytes lost: {lost}")
        sys.exit(bool(lost or wrong))


if __name__ == "__main__":
    main()
