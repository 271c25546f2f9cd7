"""Cost of a training step: loss, gradients, clipping and Adam, as mm-trainer runs them.

    python bench/train_step.py --hparams_set=octet_quick --rows=48 --length=24 --threads=1
    KERAS_BACKEND=jax python bench/train_step.py --hparams_set=multimodel_base --rows=256 \
        --length=64 --policy=mixed_bfloat16
    python bench/train_step.py ... --peer='COMMAND'
    python bench/train_step.py --hparams_set=t2t_multimodel_tiny --rows=8 --image=32 --nets=later \
        --hparams=model.moe.per_token=4,model.moe.hidden=512 --peer='COMMAND'

prints JSON lines: CPU and wall milliseconds of a step (medians), with --micro_batches=4 a quarter
of a step on four of them, so with a quarter of an update; CPU milliseconds of clipping and the
optimizer alone, targets a second, and on JAX the floating-point operations of loss and gradients
and the part of the measured matmul peak that they make. With --peer the two sides run in turn, each
in a process of its own, and ratios of medians follow; the peer prints one JSON line with cpu_ms and
wall_ms or median_ms. Batches are random text or random images. The last command does the work of
tensor2tensor 1.9's multimodel_tiny on images; without --image and --nets it does that on text.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import time
from typing import Any

import peer
from cost import device, limit_threads, median_cost


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_quick")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--length", type=int, default=24, help="tokens of every sentence")
    parser.add_argument("--vocab", type=int, default=8192)
    parser.add_argument("--image", type=int, default=0, help="side of images with ten classes")
    parser.add_argument(
        "--nets", default="own", choices=["own", "later"], help="of images; later_nets.py"
    )
    parser.add_argument("--micro_batches", type=int, default=1, help="of a step")
    parser.add_argument("--policy", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--steps", type=int, default=20)
    peer.add_flags(parser)
    flags = parser.parse_args()
    if flags.peer:
        peer.compare(flags)
    else:
        print(json.dumps(measure(flags)))


def measure(flags: argparse.Namespace) -> dict[str, Any]:
    """One side, in this process."""
    limit_threads(flags.threads)
    import keras

    from t2t_multimodel import overrides
    from t2t_multimodel.config import rates
    from t2t_multimodel.engines.engine import make_engine
    from t2t_multimodel.engines.micro_batch import Computed, summed_loads
    from t2t_multimodel.multimodel import MultiModel

    keras.config.set_dtype_policy(flags.policy)
    config = overrides.resolve(flags.hparams_set, overrides.Overrides(hparams=flags.hparams)).config
    problem, batch = random_batch(flags)
    config = config.replace(problems=rates(problem.name))
    model = MultiModel(config.model, [problem])
    engine = make_engine(model, config)

    def update(computed: Computed, number: int) -> None:
        engine.add(computed.gradients)
        engine.update(1e-4, number, summed_loads([computed.observed]))

    def step(number: int) -> None:
        for _ in range(flags.micro_batches - 1):
            engine.add(engine.compute(problem.name, batch, number).gradients)
        computed = engine.compute(problem.name, batch, number)
        update(computed, number)
        float(computed.observed.scalars["xent"])

    begin = time.perf_counter()
    step(0)
    first_s = time.perf_counter() - begin
    costs = median_cost(step, flags.steps)
    cpu_ms, wall_ms = (cost / flags.micro_batches for cost in costs)
    found = engine.compute(problem.name, batch, 0)
    update_ms, _ = median_cost(lambda number: update(found, number), flags.steps)
    targets = int(batch["targets_length"].sum())
    peak = matmul_peak(flags.policy)
    flops = operations(engine, problem, batch)
    return {
        "set": flags.hparams_set,
        "backend": keras.backend.backend(),
        "device": device(),
        "policy": flags.policy,
        "rows": flags.rows,
        "parameters": model.count_params(),
        "first_step_s": round(first_s, 1),
        "cpu_ms": round(cpu_ms, 2),
        "update_cpu_ms": round(update_ms, 2),
        "wall_ms": round(wall_ms, 2),
        "targets_per_second": round(1000 * targets / wall_ms),
        "gflop": flops and round(flops / 1e9, 2),
        "matmul_peak_gflops": round(peak / 1e9, 1),
        "part_of_peak": flops and round(flops / (wall_ms / 1000) / peak, 4),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def random_batch(flags: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """A problem and a batch of it without meaning: text to text, or images to ten classes."""
    import numpy as np

    from t2t_multimodel.features import ProblemSignature, Signature

    rng = np.random.default_rng(0)
    text = Signature("text", "text/bench", flags.vocab, (None,), flags.length)
    full = np.full(flags.rows, flags.length, np.int32)
    if flags.image:
        shape = (flags.image, flags.image, 3)
        image, label = "image", "class_label"
        if flags.nets == "later":
            image, label = "later_image", "later_label"
            importlib.import_module("later_nets")
        pictures = Signature(image, "image", 0, shape, flags.image**2, "uint8")
        labels = Signature(label, "class_label/bench", 10, (), 1)
        return ProblemSignature("bench", "bench", pictures, labels), {
            "inputs": rng.integers(0, 255, (flags.rows, *shape), dtype=np.uint8),
            "inputs_length": np.full(flags.rows, flags.image**2, np.int32),
            "targets": rng.integers(0, 10, flags.rows, dtype=np.int32),
            "targets_length": np.ones(flags.rows, np.int32),
        }
    ids = rng.integers(3, flags.vocab, (2, flags.rows, flags.length), dtype=np.int32)
    batch = {"inputs": ids[0], "inputs_length": full, "targets": ids[1], "targets_length": full}
    return ProblemSignature("bench", "bench", text, text), batch


def operations(engine: Any, problem: Any, batch: dict[str, Any]) -> float | None:
    """Floating-point operations of loss and gradients on JAX.

    None on TensorFlow, whose graphs have open shapes and cannot be counted.
    """
    import keras
    import numpy as np

    if keras.backend.backend() != "jax":
        return None
    from flops import product_flops

    values = [engine._variables[i].value for i in engine._read[problem.name]]
    others = [variable.value for variable in engine._others]
    return product_flops(engine._functions[problem.name], values, others, batch, np.int32(0))


def matmul_peak(policy: str, size: int = 2048) -> float:
    """Operations a second of a large square product in the policy's compute type."""
    import keras
    import numpy as np
    from keras import ops

    backend = keras.backend.backend()
    size = size if backend == "tensorflow" or device() == "cpu" else 8192
    dtype = keras.dtype_policies.get(policy).compute_dtype
    a = ops.cast(np.random.default_rng(0).normal(size=(size, size)), dtype)
    product = ops.matmul
    if backend == "jax":
        import jax

        product = jax.jit(ops.matmul)
    seconds = []
    for _ in range(6):
        begin = time.perf_counter()
        np.asarray(ops.cast(product(a, a)[0, 0], "float32"))
        seconds.append(time.perf_counter() - begin)
    return 2 * size**3 / min(seconds)


if __name__ == "__main__":
    main()
