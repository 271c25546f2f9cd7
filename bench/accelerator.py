"""What a hparams set reaches on the device of this machine, fed by the octet's own records.

    KERAS_BACKEND=jax python bench/accelerator.py --hparams_set=multimodel_base --data_dir=data

takes training steps as mm-trainer does, batches made ahead by threads, and prints one JSON line:
targets a second, the part of the measured peak of matrix products that the model's own products
make, the most memory that the device held, the part of a step that waited for input, the time
until all is compiled, and the ten kernels on which the device spent most. Every problem has one
shape of batch, so that little is compiled: its sentences are padded to the longest. TensorFlow is
not needed. `bench/accelerator.sh` does it for three sets.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from cost import device
from kernels import largest
from train_step import matmul_peak, operations

from t2t_multimodel import Config, overrides
from t2t_multimodel.data.datagen import generate, run_options
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.step_batches import (
    StepBatches,
    made_ahead,
    step_plans,
    steps_ahead,
    workers_of,
)
from t2t_multimodel.data.stream import BatchStream
from t2t_multimodel.engines.engine import make_engine
from t2t_multimodel.engines.jax import JaxEngine
from t2t_multimodel.engines.micro_batch import summed_loads
from t2t_multimodel.train.main import new_model


@dataclass
class Steps:
    """Takes steps and counts."""

    engine: JaxEngine
    batches: Iterator[StepBatches]
    targets: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    waited: float = 0.0

    def take(self, steps: int, flops: dict[str, float]) -> None:
        """Takes some steps. `flops` are those of a problem's micro-batch, where they are known."""
        begin = time.perf_counter()
        for _ in range(steps):
            asked = time.perf_counter()
            item = next(self.batches)
            self.waited += time.perf_counter() - asked
            self._step(item)
            self.targets += sum(int(batch["targets_length"].sum()) for batch in item.batches)
            self.flops += sum(flops.get(problem, 0.0) for problem in item.problems)
        self.seconds += time.perf_counter() - begin

    def _step(self, item: StepBatches) -> None:
        observed = []
        for number, (problem, batch) in enumerate(zip(item.problems, item.batches, strict=True)):
            computed = self.engine.compute(problem, batch, item.step * len(item.problems) + number)
            observed.append(computed.observed)
            self.engine.add(computed.gradients)
        self.engine.update(1e-4, item.step, summed_loads(observed))


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_tiny")
    parser.add_argument("--problems", default="octet_ende,octet_image")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--tokens", type=int, default=16384, help="of a micro-batch")
    parser.add_argument("--policy", default="mixed_bfloat16", help="or float32")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--steps", type=int, default=20)
    print(json.dumps(measured(parser.parse_args())))


def measured(flags: argparse.Namespace) -> dict[str, Any]:
    """Trains for some steps."""
    import jax

    keras.config.set_dtype_policy(flags.policy)
    config = _config(flags)
    prepared = generate(list(config.rates), flags.data_dir, options=run_options(config))
    model = new_model(config, prepared)
    engine = make_engine(model, config)
    assert isinstance(engine, JaxEngine)
    streams = {
        name: BatchStream(one.dataset("train"), config.data, config.train.seed, name)
        for name, one in prepared.items()
    }
    begin = time.perf_counter()
    for name, stream in streams.items():
        float(engine.compute(name, stream[0], 0).observed.scalars["xent"])
    batches = _batches(config, streams)
    Steps(engine, batches).take(3, {})  # the update is compiled too
    compile_s = time.perf_counter() - begin
    flops = {
        name: operations(engine, prepared[name].signature, stream[0]) or 0.0
        for name, stream in streams.items()
    }
    steps = Steps(engine, batches)
    steps.take(flags.steps, flops)
    counted = {
        "targets_per_second": round(steps.targets / steps.seconds),
        "step_ms": round(1000 * steps.seconds / flags.steps, 1),
        "part_waiting_for_input": round(steps.waited / steps.seconds, 4),
    }
    reached = steps.flops / steps.seconds
    kernels = largest(lambda: steps.take(3, flops))
    peak = matmul_peak(flags.policy)
    memory = jax.devices()[0].memory_stats() or {}
    return {
        "set": flags.hparams_set,
        "device": device(),
        "policy": flags.policy,
        "parameters": model.count_params(),
        "compile_s": round(compile_s, 1),
        **counted,
        "tflops": round(reached / 1e12, 3),
        "peak_tflops": round(peak / 1e12, 3),
        "part_of_peak": round(reached / peak, 4),
        "memory_gb": round(memory["peak_bytes_in_use"] / 1e9, 2) if memory else None,
        "kernels": kernels,
    }


def _config(flags: argparse.Namespace) -> Config:
    """The set with large batches of one shape for each problem."""
    asked = overrides.Overrides(problems=flags.problems.split(","), hparams=flags.hparams)
    config = overrides.resolve(flags.hparams_set, asked).config
    data = config.data.replace(
        tokens_per_batch=flags.tokens,
        pixels_per_batch=4_000_000,
        examples_per_batch=1024,
        static_shapes=True,
        bucket_by="longest",
        bucket_growth=100.0,
    )
    return config.replace(data=data)


def _batches(config: Config, streams: dict[str, BatchStream]) -> Iterator[StepBatches]:
    mixture = make_mixture(config, {name: stream.sizes for name, stream in streams.items()})
    plans, threads = step_plans(mixture, 0, {}), workers_of(config.data)
    return made_ahead(plans, streams, threads, steps_ahead(config))


if __name__ == "__main__":
    main()
