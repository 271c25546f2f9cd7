"""Memory of training beside the estimate of `mm-trainer --plan`, on TensorFlow's CPU.

    python bench/memory.py --hparams_set=octet_tiny --problem=octet_ende --data_dir=data

takes steps on the problem's largest micro-batch, several side by side, and prints one JSON line:
the estimate, the growth of the process from before the model was made to its peak, and their
ratio. The growth holds the program's own part, such as compiled functions: --side_by_side=1 and 2
tell the two apart. A process has one peak, so it takes one problem.
"""

from __future__ import annotations

import argparse
import json
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from t2t_multimodel import overrides
from t2t_multimodel.data.datagen import DatagenOptions, generate
from t2t_multimodel.data.stream import BatchStream
from t2t_multimodel.engines.engine import make_engine, share_cores
from t2t_multimodel.plan.plan import make_plan
from t2t_multimodel.train.main import new_model


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_tiny")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--problem", default="octet_ende")
    parser.add_argument("--side_by_side", type=int, default=2, help="micro-batches")
    parser.add_argument("--steps", type=int, default=3)
    flags = parser.parse_args()
    parallel = flags.side_by_side
    config = overrides.resolve(
        flags.hparams_set, overrides.Overrides(problems=[flags.problem], hparams=flags.hparams)
    ).config
    train = config.train.replace(accumulate=parallel, parallel_batches=parallel)
    config = config.replace(train=train)
    share_cores(parallel)
    prepared = generate(
        [flags.problem], flags.data_dir, options=DatagenOptions(vocab_size=config.data.vocab_size)
    )
    plan = make_plan(config, flags.data_dir)
    dataset = prepared[flags.problem].dataset("train")
    batch = largest(BatchStream(dataset, config.data, config.train.seed, flags.problem))

    before = resident()
    model = new_model(config, prepared)
    engine = make_engine(model, config)
    with ThreadPoolExecutor(parallel) as pool:
        for step in range(flags.steps):
            draws = range(parallel)
            for computed in pool.map(lambda n: engine.compute(flags.problem, batch, n), draws):
                engine.add(computed.gradients)
            engine.update(1e-4, step, {})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    record = {
        "set": flags.hparams_set,
        "problem": flags.problem,
        "side_by_side": parallel,
        "estimate_mib": round(plan.memory.total / 2**20),
        "measured_mib": round((peak - before) / 2**20),
        "estimate_over_measured": round(plan.memory.total / (peak - before), 2),
        "before_mib": round(before / 2**20),
    }
    print(json.dumps(record))


def largest(stream: BatchStream) -> dict[str, Any]:
    """The batch with the most positions among those of the first epoch."""

    def positions(n: int) -> int:
        _, chosen = stream.plan.bucket_and_examples(n)
        return len(chosen) * sum(int(one[chosen].max()) for one in stream.lengths.values())

    return stream[max(range(stream.plan.first_batch(1)), key=positions)]


def resident() -> int:
    """Bytes of the process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
