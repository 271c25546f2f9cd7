"""The training loop, top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np

from t2t_multimodel import usr_dir
from t2t_multimodel.config import Config
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.mixture import Mixture
from t2t_multimodel.data.stream import BatchStream, StepBatches, read_ahead, step_batches
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.train import checkpoints
from t2t_multimodel.train.engine import Engine, parallel_batches
from t2t_multimodel.train.progress import Progress
from t2t_multimodel.train.run_folder import RunFolder
from t2t_multimodel.train.schedules import learning_rate


class Trainer:
    """One run: what it trains, where it stands, and how to go on."""

    def __init__(
        self,
        config: Config,
        prepared: dict[str, Prepared],
        model: MultiModel,
        engine: Engine,
        folder: RunFolder,
        say: Callable[[str], None] = print,
    ) -> None:
        self.config, self.prepared, self.model = config, prepared, model
        self.engine, self.folder, self.say = engine, folder, say
        self.evaluator = Evaluator(model, prepared, config)
        self.step = 0
        self.positions: dict[str, int] = {}

    def restore(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Takes step, data positions and optimizer slots back; the model is loaded already."""
        state = checkpoint.state
        self.step, self.positions = state["step"], state["positions"]
        self.engine.restore(checkpoint.optimizer())

    def save(self) -> None:
        """Writes a checkpoint of this moment."""
        state = {
            "step": self.step,
            "positions": self.positions,
            "config": self.config.to_dict(),
            "usr_dirs": usr_dir.added(),
            "data": {name: one.fingerprint for name, one in self.prepared.items()},
        }
        tokenizers = {k: v for one in self.prepared.values() for k, v in one.tokenizers.items()}
        keep = self.config.train.keep_checkpoints
        folder = self.folder.checkpoints
        checkpoints.save(folder, self.model, self.engine.state(), tokenizers, state, keep)

    def run(self) -> None:
        """Trains from where the run stands to `train.steps`."""
        train, evaluate = self.config.train, self.config.evaluate
        optimizer, width = self.config.optimizer, self.config.model.hidden_size
        mixture = Mixture(self.config.rates, self.config.batches_per_step, train.seed)
        for name in self.prepared:
            self.engine.compile(name)
        progress = Progress(self.step, train.steps)
        items = step_batches(self._streams(), mixture, self.step, self.positions)
        workers = ThreadPoolExecutor(parallel_batches(self.config))
        with closing(read_ahead(items)) as batches, workers as pool:
            while self.step < train.steps:
                rate = learning_rate(optimizer, self.step, train.steps, width)
                self._train_step(next(batches), rate, pool, progress)
                self.step += 1
                last = self.step == train.steps
                if last or self.step % train.log_steps == 0:
                    line, scalars = progress.report(self.step, rate)
                    self.say(line)
                    self.folder.scalars(self.step, scalars)
                if last or self.step % train.checkpoint_steps == 0:
                    self.save()
                if not last and evaluate.steps and self.step % evaluate.steps == 0:
                    begin = time.monotonic()
                    self._evaluate()
                    progress.skip(time.monotonic() - begin)

    def _streams(self) -> dict[str, BatchStream]:
        config, seed = self.config.data, self.config.train.seed
        return {
            name: BatchStream(one.dataset("train"), config, seed, name)
            for name, one in self.prepared.items()
        }

    def _train_step(
        self, item: StepBatches, rate: float, pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        """Gradients of all micro-batches side by side, then one update."""
        first_draw = item.step * len(item.problems)
        draws = range(first_draw, first_draw + len(item.problems))
        parts = list(pool.map(self.engine.gradients, item.problems, item.batches, draws))
        for name, batch, (_, scalars) in zip(item.problems, item.batches, parts, strict=True):
            values = {key: np.asarray(value) for key, value in scalars.items()}
            _check_finite(f"The loss of {name}", float(values["xent"]), item.step)
            progress.add(name, values, len(batch["inputs"]))
        norm = self.engine.apply([gradients for gradients, _ in parts], rate, item.step)
        _check_finite("The gradient's norm", norm, item.step)
        progress.add_step(norm)
        self.positions = item.positions

    def _evaluate(self) -> None:
        """Scores a bounded number of examples and says the first score of each problem."""
        evaluate, parts = self.config.evaluate, []
        for name in self.prepared:
            result = self.evaluator.evaluate(name, evaluate.split, evaluate.examples)
            scores = {f"{name}/{result.split}/{k}": v for k, v in result.scores.items()}
            self.folder.scalars(self.step, scores)
            score, value = next(iter(result.scores.items()))
            parts.append(f"{name} {score} {value:.3f}")
        self.say(f"  {evaluate.split}: " + "  ".join(parts))


def _check_finite(what: str, value: float, step: int) -> None:
    if not math.isfinite(value):
        raise UserError(
            f"{what} is {value} at step {step}.",
            fix="Lower optimizer.learning_rate or raise optimizer.warmup_steps; the same command "
            "goes on from the last checkpoint.",
        )
