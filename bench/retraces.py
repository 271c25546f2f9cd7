"""Whether training or evaluation traces any function again after warm-up, whatever the lengths.

    python bench/retraces.py --hparams_set=octet_tiny --steps=500
    python bench/retraces.py --problems=octet_image,octet_ende --steps=50 --data_dir=data

trains so many steps with an evaluation in the middle and one at the end, and prints JSON: what the
engine traced by the end of the first step and after it, and how many functions TensorFlow itself
held after the first evaluation and how many it gained from there on. Exit code 1 if any came later.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> int:
    """Reads the flags, trains, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_tiny")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--problems", default="", help="as for mm-trainer")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        traces, functions = counts_of_a_run(flags, Path(folder))
    warm = flags.steps // 2  # the step after the first evaluation
    later = traces[-1] - traces[0], len(functions[-1] - functions[warm])
    found = {
        "steps": flags.steps,
        "engine": {"first_step": traces[0], "later": later[0]},
        "tensorflow": {"after_first_evaluation": len(functions[warm]), "later": later[1]},
    }
    print(json.dumps(found))
    return 1 if any(later) else 0


def counts_of_a_run(flags: argparse.Namespace, folder: Path) -> tuple[list[int], list[set]]:
    """Traces of the engine and TensorFlow's functions after each step and at the end."""
    from t2t_multimodel import overrides
    from t2t_multimodel.cores import cores
    from t2t_multimodel.data.datagen import DatagenOptions, generate
    from t2t_multimodel.engines.engine import make_engine, parallel_batches, share_cores
    from t2t_multimodel.runs.run_folder import RunFolder
    from t2t_multimodel.train.loop import Trainer
    from t2t_multimodel.train.main import new_model

    own = f"evaluate.steps={flags.steps // 2},evaluate.examples=32,evaluate.train_decode_examples=8"
    changes = overrides.Overrides(
        problems=[name for name in flags.problems.split(",") if name],
        hparams=f"{flags.hparams},{own}",
        train_steps=flags.steps,
    )
    config = overrides.resolve(flags.hparams_set, changes).config
    share_cores(parallel_batches(config))
    prepared = generate(list(config.rates), flags.data_dir, options=DatagenOptions(workers=cores()))
    model = new_model(config, prepared)
    engine = make_engine(model, config)
    traces: list[int] = []
    functions: list[set] = []
    update = engine.apply

    def counted(*arguments: Any) -> float:
        norm = update(*arguments)
        traces.append(engine.traces)
        functions.append(tensorflow_functions())
        return norm

    engine.apply = counted  # type: ignore[method-assign]
    Trainer(config, prepared, model, engine, RunFolder(folder)).run()
    return [*traces, engine.traces], [*functions, tensorflow_functions()]


def tensorflow_functions() -> set[bytes]:
    """Names of the graph functions that this process holds; each trace makes new ones."""
    from tensorflow.python.eager import context

    return set(context.context().list_function_names())


if __name__ == "__main__":
    sys.exit(main())
