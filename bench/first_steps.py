"""CPU seconds until each problem of a set has taken its first step: tracing and compiling.

    python bench/first_steps.py --hparams_set=octet_quick --data_dir=data

prints a JSON line: the milliseconds of each problem, in the order in which they were compiled, and
of all of them. Imports, records and making the model are not counted.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from cost import limit_threads


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_quick")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    flags = parser.parse_args()
    limit_threads(flags.threads)

    from t2t_multimodel import overrides
    from t2t_multimodel.data.datagen import generate, run_options
    from t2t_multimodel.data.stream import BatchStream
    from t2t_multimodel.engines.engine import make_engine
    from t2t_multimodel.features.signature import loss_name
    from t2t_multimodel.train.main import new_model

    config = overrides.resolve(flags.hparams_set).config
    prepared = generate(list(config.rates), flags.data_dir, options=run_options(config))
    engine = make_engine(new_model(config, prepared), config)
    batches = {
        name: BatchStream(one.dataset("train"), config.data, config.train.seed, name)[0]
        for name, one in prepared.items()
    }
    cpu, wall, each = time.process_time(), time.perf_counter(), {}
    for name, batch in batches.items():
        begin = time.process_time()
        engine.compile(name)
        scalars = engine.compute(name, batch, 0).observed.scalars
        float(scalars[loss_name(scalars)])
        each[name] = round(1000 * (time.process_time() - begin))
    total = {
        "cpu_ms": round(1000 * (time.process_time() - cpu)),
        "wall_ms": round(1000 * (time.perf_counter() - wall)),
    }
    print(json.dumps({"set": flags.hparams_set, **each, **total}))


if __name__ == "__main__":
    main()
