"""Trains the project's net on one problem in this process, as mm-trainer does.

`python -m bench.specialists` runs it; the last line that it prints is its `Cost` in JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.specialists.budget import Clock, Cost, print_cost, stay_on_one_core
from t2t_multimodel.train.stopping import StopRequest


def main() -> None:
    """Reads the flags, trains, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--problem", required=True)
    parser.add_argument("--hparams_set", required=True)
    parser.add_argument("--hparams", required=True, help="overrides, as for mm-trainer")
    parser.add_argument("--steps", required=True, type=int)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--data_dir", required=True, type=Path)
    parser.add_argument("--output_dir", required=True, type=Path)
    flags = parser.parse_args()
    stay_on_one_core()
    print_cost(train(flags))


def train(flags: argparse.Namespace) -> Cost:
    """Trains a run without evaluations; its only checkpoint is that of the last step."""
    from t2t_multimodel import overrides
    from t2t_multimodel.data.datagen import prepare
    from t2t_multimodel.engines.engine import make_engine, parallel_batches, share_cores
    from t2t_multimodel.runs.run_folder import RunFolder
    from t2t_multimodel.train.loop import Trainer
    from t2t_multimodel.train.main import new_model
    from t2t_multimodel.train.parts import freeze

    own = f"evaluate.steps=0,train.checkpoint_steps={flags.steps},train.seed={flags.seed}"
    changes = overrides.Overrides(
        problems=[flags.problem],
        hparams=",".join(filter(None, (flags.hparams, own))),
        train_steps=flags.steps,
    )
    config = overrides.resolve(flags.hparams_set, changes).config
    share_cores(parallel_batches(config))
    prepared = prepare(list(config.rates), flags.data_dir, None, config)
    model = new_model(config, prepared)
    freeze(model, config)
    trainer = Trainer(
        config, prepared, model, make_engine(model, config), RunFolder(flags.output_dir)
    )
    clock = StepClock(lambda: trainer.step)
    trainer.run(clock)
    return clock.cost(model.count_params())


class StepClock(Clock, StopRequest):
    """A clock in the place of `StopRequest`: the loop asks it after each step whether to stop."""

    def __init__(self, step: Callable[[], int]) -> None:
        super().__init__()
        self._step = step

    def __bool__(self) -> bool:
        """Never stops the run; notes the end of a step when it is asked for the first time."""
        if len(self.ends) < self._step():
            self.tick()
        return False


if __name__ == "__main__":
    main()
