"""Cost of ways to compute a mixture of experts, forward and backward, on this machine's CPU.

    python bench/experts.py --tokens=1024 --experts=30 --k=4 --width=128 --hidden=512

prints one JSON line a way: CPU milliseconds, and the largest difference to the first way.

    python bench/experts.py --steps_with=30,240 --tokens=4096

prints a JSON line for a whole training step of octet_quick with each number of experts, k the same:
CPU milliseconds, of which the update's, and the process's peak memory; then the ratios to the first
number.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from cost import median_cost
from peer import run_json

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.fast_experts import expert_ffn


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--experts", type=int, default=30)
    parser.add_argument("--k", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument(
        "--steps_with", default="", help="whole steps with so many experts, as 30,240"
    )
    parser.add_argument("--rounds", type=int, default=3, help="runs of each number of experts")
    flags = parser.parse_args()
    if flags.steps_with:
        whole_steps(flags)
        return
    tf.config.threading.set_intra_op_parallelism_threads(flags.threads)
    tf.config.threading.set_inter_op_parallelism_threads(flags.threads)

    inputs = random_inputs(flags)
    first = None
    for name, form in FORMS.items():
        step = with_gradients(form)
        outputs = [np.asarray(array) for array in step(*inputs)]
        first = first or outputs
        gap = max(float(np.abs(a - b).max()) for a, b in zip(first, outputs, strict=True))
        cpu_ms, wall_ms = median_cost(lambda _, step=step: step(*inputs), flags.steps)
        record = {"form": name, "cpu_ms": round(cpu_ms, 2), "wall_ms": round(wall_ms, 2)}
        print(json.dumps({**record, "gap": gap}), flush=True)


LENGTH = 32
SHOWN = ("cpu_ms", "update_cpu_ms", "peak_mb")


def whole_steps(flags: argparse.Namespace) -> None:
    """Training steps with different numbers of experts, in turn, each run in its own process."""
    counts = [int(count) for count in flags.steps_with.split(",")]
    runs: dict[int, list[dict[str, Any]]] = {count: [] for count in counts}
    for _ in range(flags.rounds):
        for count in counts:
            runs[count].append(run_json(training_step(flags, count)))
            shown = {name: runs[count][-1][name] for name in SHOWN}
            print(json.dumps({"experts": count, "tokens": flags.tokens, **shown}), flush=True)
    for name in SHOWN:
        medians = [statistics.median(run[name] for run in runs[count]) for count in counts]
        for count, median in zip(counts[1:], medians[1:], strict=True):
            ratio = f"{median / medians[0]:.2f} times {counts[0]}'s {medians[0]:.0f}"
            print(f"{name}: {count} experts {median:.0f}, {ratio}")


def training_step(flags: argparse.Namespace, experts: int) -> list[str]:
    """The command that measures one; source and target hold `tokens` each."""
    return [
        sys.executable,
        str(Path(__file__).with_name("train_step.py")),
        "--hparams_set=octet_quick",
        f"--hparams=model.moe.experts={experts},model.moe.per_token={flags.k}",
        f"--rows={flags.tokens // LENGTH}",
        f"--length={LENGTH}",
        f"--threads={flags.threads}",
        f"--steps={flags.steps}",
    ]


def random_inputs(flags: argparse.Namespace) -> list[tf.Tensor]:
    """Tokens, expert ids, gates, and the stacked matrices."""
    rng = np.random.default_rng(0)
    shape = (flags.experts, flags.width, flags.hidden)
    ids = np.argsort(rng.random((flags.tokens, flags.experts)), axis=1)[:, : flags.k]
    gates = rng.random((flags.tokens, flags.k))
    return [
        tf.constant(rng.normal(size=(flags.tokens, flags.width)), tf.float32),
        tf.constant(ids, tf.int32),
        tf.constant(gates / gates.sum(axis=1, keepdims=True), tf.float32),
        tf.constant(rng.normal(size=shape) / flags.width**0.5, tf.float32),
        tf.constant(rng.normal(size=shape).transpose(0, 2, 1) / flags.hidden**0.5, tf.float32),
    ]


def slots(x: Any, ids: Any, gates: Any, w0: Any, w1: Any) -> Any:
    """Gathered to [experts, slots, width]: what the model does on TensorFlow."""
    return expert_ffn(x, ids, gates, (w0, w1), None)


def everyone(x: Any, ids: Any, gates: Any, w0: Any, w1: Any) -> Any:
    """All experts on all tokens: what the model does where XLA compiles."""
    with fast.for_xla():
        return expert_ffn(x, ids, gates, (w0, w1), None)


def one_by_one(x: Any, ids: Any, gates: Any, w0: Any, w1: Any) -> Any:
    """A loop over experts, each on its own tokens."""
    y = tf.zeros_like(x)
    for expert in range(w0.shape[0]):
        place = tf.where(ids == expert)
        rows = tf.gather(x, place[:, 0])
        out = tf.matmul(tf.nn.relu(tf.matmul(rows, w0[expert])), w1[expert])
        gate = tf.gather_nd(gates, place)[:, None]
        y = tf.tensor_scatter_nd_add(y, place[:, :1], out * gate)
    return y


FORMS: dict[str, Callable[..., Any]] = {
    "slots": slots,
    "one expert after the other": one_by_one,
    "all experts on all tokens": everyone,
}


def with_gradients(form: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled: the output and the gradients of its squares' sum."""

    @tf.function
    def step(x: tf.Tensor, ids: tf.Tensor, gates: tf.Tensor, w0: tf.Tensor, w1: tf.Tensor) -> Any:
        sources = [x, gates, w0, w1]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            y = form(x, ids, gates, w0, w1)
            total = tf.reduce_sum(tf.square(y))
        return [y, *map(tf.convert_to_tensor, tape.gradient(total, sources))]

    return step


if __name__ == "__main__":
    main()
