"""The project's speed in one table, each row beside a peer that does the same work on this machine.

    python bench/speed_table.py --data_dir=data
    python bench/speed_table.py --only=greedy --rounds=5
    python bench/speed_table.py --t2t='PYTHON37 t2t_bench.py'

prints a table in Markdown: CPU milliseconds of the peer and of the project, medians of --rounds
runs, of both sides in turn and each in a process of its own with one thread; how many times faster
the project is; and the goal. A peer that is not here is named and its row left empty:

* PyTorch and CTranslate2 come with `pip install -e '.[specialists]'`.
* --t2t is a command that measures Tensor2Tensor 1.9's own MultiModel, which needs Python 3.7 and
  TensorFlow 1.15: it takes --task, --op, --batch, --length, --image, --decode_len and --threads,
  and prints a line of JSON with cpu_ms.
* The floor of a step is the time of its products alone at the rate of one large product. JAX, of
  the extra `jax`, counts them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import peer

BENCH = Path(__file__).resolve().parent
T2T_WORK = "--hparams=model.moe.per_token=4,model.moe.hidden=512"
"""What makes `t2t_multimodel_tiny` the set that the peer measures."""
TINY = ["train_step.py", "--hparams_set=t2t_multimodel_tiny", T2T_WORK]
QUICK = ["--hparams_set=octet_quick", "--vocab=4096"]
SENTENCES = ["--rows=42", "--length=22"]
"""A micro-batch of `octet_quick`, whose steps have four."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    work: str
    peer: str
    """Name of the peer: t2t, ctranslate2, torch, floor, tf.data or goal, a mere number."""
    goal: float
    """Times that the project is to be faster."""
    ours: Sequence[str]
    """A bench of this folder and its flags."""
    theirs: Sequence[str] = ()
    """The peer's flags, or its module and flags."""


ROWS = [
    Row(
        "training step, text, 16 x 64",
        "t2t",
        2.0,
        (
            "train_step.py",
            "--hparams_set=t2t_multimodel_tiny",
            "--rows=16",
            "--length=64",
            T2T_WORK,
        ),
        ("--task=text", "--batch=16", "--length=64"),
    ),
    Row(
        "training step, text, 4 x 16",
        "t2t",
        2.0,
        (*TINY, "--rows=4", "--length=16"),
        ("--task=text", "--batch=4", "--length=16"),
    ),
    Row(
        "training step, 8 images of 32 x 32",
        "t2t",
        1.6,
        (*TINY, "--rows=8", "--image=32", "--nets=later"),
        ("--task=image", "--batch=8", "--image=32"),
    ),
    *(
        Row(
            f"greedy, 64 tokens, batch {rows}",
            "t2t",
            25.0,
            ("decode.py", f"--rows={rows}", "--length=64"),
            ("--op=decode", f"--batch={rows}", "--length=64", "--decode_len=64"),
        )
        for rows in (1, 32)
    ),
    *(
        Row(
            f"greedy, 64 tokens, octet_quick, batch {rows}, peer {kind}",
            "ctranslate2",
            1.0,
            ("decode.py", *QUICK, f"--rows={rows}", "--length=64"),
            ("ctranslate2_decode", f"--rows={rows}", "--length=64", f"--type={kind}"),
        )
        for kind in ("float32", "int8")
        for rows in (1, 32)
    ),
    Row(
        "micro-batch, octet_quick, 42 x 22",
        "torch",
        1.3,
        ("train_step.py", *QUICK, *SENTENCES, "--micro_batches=4"),
        ("transformer_step", *SENTENCES),
    ),
    Row(
        "micro-batch, octet_quick, 42 x 22",
        "floor",
        0.6,
        ("train_step.py", *QUICK, *SENTENCES, "--micro_batches=4"),
        ("train_step.py", *QUICK, *SENTENCES, "--steps=1"),
    ),
    Row("first steps of the octet", "goal", 1.0, ("first_steps.py",), ("20000",)),
    Row("a photograph of 299 px", "tf.data", 1.0, ("input_pipeline.py",)),
]


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="rows whose work or peer holds this text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--t2t", default="", help="command of Tensor2Tensor's side")
    parser.add_argument("--data_dir", default="data")
    flags = parser.parse_args()
    rows = [row for row in ROWS if flags.only in named(row)]
    if not rows:
        parser.error(f"--only={flags.only} is in none of: {'; '.join(map(named, ROWS))}")
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| work | peer | peer ms | ours ms | ratio | goal |\n|---|---|---|---|---|---|")
    for row in rows:
        print(line(row, flags), flush=True)


def named(row: Row) -> str:
    """What --only looks at."""
    return f"{row.work} {row.peer}"


def processor() -> str:
    """The name of this machine's processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [one for one in lines if one.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def line(row: Row, flags: argparse.Namespace) -> str:
    """Measures both sides; a row of the table."""
    missing = absent(row.peer, flags)
    if missing:
        return f"| {row.work} | {row.peer}: {missing} | - | - | - | {row.goal} |"
    if row.peer == "tf.data":
        theirs, ours = photographs(flags.rounds)
    else:
        pairs = [(peer_ms(row, flags), own_ms(row, flags)) for _ in range(flags.rounds)]
        theirs, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    cells = f"{theirs:.4g} | {ours:.4g} | {theirs / ours:.2f}"
    return f"| {row.work} | {row.peer} | {cells} | {row.goal} |"


def absent(name: str, flags: argparse.Namespace) -> str:
    """Why a peer can not be measured here; empty if it can."""
    if name == "t2t":
        return "" if flags.t2t else "no --t2t"
    if name in ("goal", "tf.data"):
        return ""
    module = "jax" if name == "floor" else name
    return "" if importlib.util.find_spec(module) else f"{module} is not installed"


def own_ms(row: Row, flags: argparse.Namespace) -> float:
    """CPU milliseconds of one of our benches."""
    bench, *own = row.ours
    if bench == "first_steps.py":
        own.append(f"--data_dir={flags.data_dir}")
    return peer.run_json([sys.executable, str(BENCH / bench), *own, "--threads=1"])["cpu_ms"]


def peer_ms(row: Row, flags: argparse.Namespace) -> float:
    """CPU milliseconds of the peer."""
    match row.peer:
        case "t2t":
            return peer.run_json([*shlex.split(flags.t2t), *row.theirs, "--threads=1"])["cpu_ms"]
        case "goal":
            return float(row.theirs[0])
        case "floor":
            return floor_ms(row)
    module, *own = row.theirs
    command = [sys.executable, "-m", f"bench.peers.{module}", *own]
    return peer.run_json(command, PYTHONPATH=str(BENCH.parent))["cpu_ms"]


def floor_ms(row: Row) -> float:
    """Milliseconds of a step's products at the rate of one large product of TensorFlow."""
    bench, *own = row.theirs
    command = [sys.executable, str(BENCH / bench), *own, "--threads=1"]
    gflop = peer.run_json(command, KERAS_BACKEND="jax")["gflop"]
    return 1000 * gflop / peer.run_json(command)["matmul_peak_gflops"]


def photographs(rounds: int) -> tuple[float, float]:
    """CPU milliseconds of an image, of tf.data and of ours, one worker each."""
    command = [sys.executable, str(BENCH / "input_pipeline.py"), f"--rounds={rounds}"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {(one["side"], one["workers"]): one for one in map(json.loads, said.splitlines())}
    rates = (found[side, 1]["images_per_cpu_second"] for side in ("tf.data", "ours"))
    theirs, ours = (1000 / rate for rate in rates)
    return theirs, ours


if __name__ == "__main__":
    main()
