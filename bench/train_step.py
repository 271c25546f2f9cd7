"""Cost of a training step on this machine's CPU.

    python bench/train_step.py --model=octet --rows=48 --length=24 --threads=1

prints one JSON line: CPU and wall milliseconds of a step, targets a second, parameters. The step
is loss, gradients and a plain Adam; sentences are random and between half of --length and all
of it long. `t2t_v2_tiny` has the sizes of multimodel_tiny of Tensor2Tensor 1.9.0 with k = 4.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2t_multimodel.backend import batch_spec
from t2t_multimodel.config import ModelConfig
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.multimodel import MultiModel

MODELS = {
    "octet": ModelConfig(
        hidden_size=128,
        encoder_blocks=(1, 1),
        mixer_pre_blocks=1,
        mixer_blocks=1,
        decoder_blocks=(1, 1),
        experts=8,
        experts_per_token=2,
        expert_hidden=256,
        attention_residual=True,
        attention_norm=True,
        attention_projection=True,
        tie_softmax=True,
        dropout=0.1,
        dropout_place="branch",
    ),
    "t2t_v2_tiny": ModelConfig(
        variant="t2t_v2",
        share_embeddings=False,
        route_padding=True,
        hidden_size=128,
        filter_size=512,
        block_dilations=(1, 1, 1, 4),
        encoder_blocks=(2, 0),
        decoder_blocks=(2, 0),
        moe_layers=(0,),
        experts=30,
        experts_per_token=4,
        expert_hidden=512,
        dropout=0.1,
        dropout_place="branch",
    ),
}


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", choices=sorted(MODELS), default="octet")
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--length", type=int, default=24, help="of the longest sentence")
    parser.add_argument("--full", action="store_true", help="all sentences are --length long")
    parser.add_argument("--vocab", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    flags = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(flags.threads)
    tf.config.threading.set_inter_op_parallelism_threads(flags.threads)

    text = Signature("text", "text/bench", flags.vocab, (None,), flags.length)
    problem = ProblemSignature("bench", "bench", text, text)
    model = MultiModel(MODELS[flags.model], [problem])
    batch = random_batch(flags)
    step = compiled_step(model, problem)
    tensors = {name: tf.constant(array) for name, array in batch.items()}
    cpu_ms, wall_ms = median_cost(lambda i: step(tensors, tf.constant(i)), flags.steps)
    targets = int(batch["targets_length"].sum())
    record = {
        **vars(flags),
        "parameters": model.count_params(),
        "cpu_ms": round(cpu_ms, 1),
        "wall_ms": round(wall_ms, 1),
        "targets_per_cpu_second": round(1000 * targets / cpu_ms),
        "targets_per_second": round(1000 * targets / wall_ms),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(record))


def random_batch(flags: argparse.Namespace) -> dict[str, np.ndarray]:
    """Ids without meaning; lengths as the flags say."""
    rng = np.random.default_rng(0)
    shape = (flags.rows, flags.length)
    batch = {}
    for name in ("inputs", "targets"):
        shortest = flags.length if flags.full else flags.length // 2
        batch[name] = rng.integers(3, flags.vocab, shape, dtype=np.int32)
        batch[f"{name}_length"] = rng.integers(
            shortest, flags.length, flags.rows, dtype=np.int32, endpoint=True
        )
    return batch


def compiled_step(model: MultiModel, problem: ProblemSignature) -> Callable[..., Any]:
    """(batch, step) -> loss; updates the model."""
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(model.trainable_variables)

    @tf.function(input_signature=[batch_spec(problem), tf.TensorSpec((), tf.int32)])
    def step(batch: dict[str, tf.Tensor], number: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss, _ = model.problem_loss(
                batch, problem.name, training=True, seed=StepSeed(number), label_smoothing=0.1
            )
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        pairs = zip(gradients, model.trainable_variables, strict=True)
        optimizer.apply_gradients([(g, v) for g, v in pairs if g is not None])
        return loss

    return step


def median_cost(run: Callable[[int], Any], steps: int) -> tuple[float, float]:
    """CPU (all threads) and wall milliseconds, medians, after three runs of warm-up."""
    costs = []
    for i in range(steps + 3):
        cpu, wall = time.process_time(), time.perf_counter()
        run(i)
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_s, wall_s = (statistics.median(column) for column in zip(*costs[3:], strict=True))
    return 1000 * cpu_s, 1000 * wall_s


if __name__ == "__main__":
    main()
