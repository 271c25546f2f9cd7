"""The training loop, top to bottom."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from t2t_multimodel import usr_dir
from t2t_multimodel.checkpoints import checkpoint as checkpoints
from t2t_multimodel.checkpoints.recorded_features import described
from t2t_multimodel.checkpoints.saving import Saver, Snapshot
from t2t_multimodel.checkpoints.sharded import ShardWriter
from t2t_multimodel.config import Config
from t2t_multimodel.cores import side_by_side
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.realised import Realised, realised
from t2t_multimodel.data.step_batches import (
    StepBatches,
    made_ahead,
    step_plans,
    steps_ahead,
    workers_of,
)
from t2t_multimodel.data.stream import BatchStream
from t2t_multimodel.engines.engine import (
    Engine,
    averaged,
    checksum,
    parallel_batches,
    saved_arrays,
)
from t2t_multimodel.engines.micro_batch import on_host, summed_loads
from t2t_multimodel.engines.process_group import ALONE, ProcessGroup
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.evaluate.samples import SAMPLES, samples_of
from t2t_multimodel.features.signature import loss_name
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.runs.mixture_report import write_mixture
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.train import affinity
from t2t_multimodel.train.best import Best
from t2t_multimodel.train.display import live
from t2t_multimodel.train.diverged import Guard
from t2t_multimodel.train.progress import Progress
from t2t_multimodel.train.schedules import learning_rate
from t2t_multimodel.train.stopping import StopRequest


class Trainer:
    """One run: what it trains, where it stands, and how to go on.

    Its attribute `log` receives the lines that tell of the training. It prints them, of several
    workers in the chief alone.
    """

    def __init__(
        self,
        config: Config,
        prepared: dict[str, Prepared],
        model: MultiModel,
        engine: Engine,
        folder: RunFolder,
        process_group: ProcessGroup = ALONE,
    ) -> None:
        self.config, self.prepared, self.model = config, prepared, model
        self.engine, self.folder, self.process_group = engine, folder, process_group
        affinity.check_alone(config, process_group)
        self.log: Callable[[str], None] = print if process_group.chief else _silent
        self.evaluator = Evaluator(model, prepared, config)
        self.streams = self._streams()
        sizes = {name: stream.sizes for name, stream in self.streams.items()}
        self.mixture = make_mixture(config, sizes)
        self.saver = self._saver()
        self.guard = Guard(folder.path, config.train.max_xent)
        self.best = Best(config.evaluate)
        self.step = 0
        self.saved_step = self.evaluated_step = 0
        self.positions: dict[str, int] = {}
        self._seconds_before, self._begun = 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent on the steps so far, of all starts; what a kill undid does not count."""
        return self._seconds_before + time.monotonic() - self._begun

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return self.step >= self.config.train.steps or self.best.exhausted

    def restore(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Takes step, data positions and optimizer slots back; the model is loaded already."""
        state = checkpoint.state
        self.step = self.saved_step = state["step"]
        self.positions = state["positions"]
        self.evaluated_step = state.get("evaluated_step", self.step)
        self.best.restore(state.get("best", {}))
        self._seconds_before = float(state.get("seconds", 0.0))
        self.mixture.restore(state["mixture"])
        self.engine.restore(checkpoint.optimizer(self.model))
        self.folder.rewind(self.step)

    def standing(self) -> dict[str, int]:
        """Tells where the run stands, in numbers that all its workers must share."""
        data = "".join(one.fingerprint for one in self.prepared.values())
        return {
            "the step": self.step,
            "the checksum of the weights": checksum(self.model, self.engine),
            "the checksum of the data": zlib.crc32(data.encode()),
        }

    def save(self) -> None:
        """Begins to write a checkpoint of this moment; `saver.wait()` sees it through.

        Of several workers only the chief writes. The others may have to send it what they hold, or
        where the weights are split to write that.
        """
        self.saved_step = self.step
        values, slots = saved_arrays(self.model, self.engine)
        if not (self.process_group.chief or self.engine.split):
            return
        state = {
            "step": self.step,
            "positions": self.positions,
            "mixture": self.mixture.state(),
            "evaluated_step": self.evaluated_step,
            "best": self.best.state(),
            "seconds": round(self.seconds, 1),
            "config": self.config.to_dict(),
            "usr_dirs": usr_dir.added(),
            "data": {name: one.fingerprint for name, one in self.prepared.items()},
            "features": {name: described(one.problem) for name, one in self.prepared.items()},
        }
        tokenizers = {k: v for one in self.prepared.values() for k, v in one.tokenizers.items()}
        write_mixture(self.folder, self.step, self.realised(), self.mixture)
        best = self.best.steps
        self.saver.save(Snapshot(self.model, values, slots, tokenizers, state, best))

    def run(self, stop: StopRequest | None = None) -> None:
        """Trains from where the run stands to `train.steps`.

        It ends before if `evaluate.patience` is exhausted, or after the step in which `stop` was
        asked for; whatever ends it without an error, the last step is saved.
        """
        self._begun = time.monotonic()
        train = self.config.train
        optimizer, width = self.config.optimizer, self.config.model.hidden_size
        progress = Progress(self.step, train.steps)
        plans = step_plans(self.mixture, self.step, self.positions)
        threads, depth = workers_of(self.config.data), steps_ahead(self.config)
        items = made_ahead(plans, self.streams, threads, depth)
        workers = ThreadPoolExecutor(parallel_batches(self.config))
        with live(progress), closing(items) as batches, workers, closing(self.saver):
            for name in self.config.trained:
                self.engine.compile(name)
            self.engine.clear()  # a step that failed may have left gradients
            self._evaluate_if_due(progress)
            while not self.finished and not self.process_group.any(bool(stop)):
                rate = learning_rate(optimizer, self.step, train.steps, width)
                if train.affinity_steps and self.step % train.affinity_steps == 0:
                    self._measure_affinity(rate, progress)
                begin = time.monotonic()
                item = next(batches)
                progress.wait(time.monotonic() - begin)
                self._train_step(item, rate, workers, progress)
                self.step += 1
                if self.step == train.steps or self.step % train.log_steps == 0:
                    self._report(progress, rate)
                if not stop:
                    self._evaluate_if_due(progress)
                if self.step % train.checkpoint_steps == 0 and self.saved_step < self.step:
                    self.save()
            if self.saved_step < self.step:
                self.save()

    def realised(self) -> list[Realised]:
        """Counts what each problem got so far."""
        return realised(self.mixture, self.streams, self.step, self.positions)

    def _saver(self) -> Saver:
        folder, keep = self.folder.checkpoints, self.config.train.keep_checkpoints
        if not self.engine.split:
            return Saver(folder, keep)
        return Saver(
            folder, keep, ShardWriter(folder, self.process_group.workers), self.folder.writes
        )

    def _streams(self) -> dict[str, BatchStream]:
        config, seed = self.config.data, self.config.train.seed
        share = self.process_group.row_share
        return {
            name: BatchStream(self.prepared[name].dataset("train"), config, seed, name, share)
            for name in self.config.trained
        }

    def _train_step(
        self, item: StepBatches, rate: float, pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        """Computes all micro-batches side by side and adds up their gradients; then one update."""
        first_draw = item.step * len(item.problems)
        draws = range(first_draw, first_draw + len(item.problems))
        work = zip(item.problems, item.batches, draws, strict=True)
        depth, own = 2 * parallel_batches(self.config), []
        for computed in side_by_side(pool, self.engine.compute, work, depth):
            own.append(on_host(computed.observed))
            self.engine.add(computed.gradients)
        observed = self.process_group.share(own)
        names = [loss_name(one.scalars) for one in observed]
        losses = [float(one.scalars[name]) for name, one in zip(names, observed, strict=True)]
        for number, (problem, batch) in enumerate(zip(item.problems, item.batches, strict=True)):
            self.guard.check_loss(item, number, names[number], losses[number])
            progress.add(problem, observed[number].scalars, len(batch["inputs"]))
        norm = self.engine.update(rate, item.step, summed_loads(observed))
        self.guard.check_norm(item, norm)
        progress.add_step(norm)
        self.mixture.observe(item.step, item.problems, losses)
        self.positions = item.positions

    def _report(self, progress: Progress, rate: float) -> None:
        line, scalars = progress.report(rate)
        self.log(line)
        self.folder.write_scalars(self.step, {**scalars, "train/traces": self.engine.traces})

    def _measure_affinity(self, rate: float, progress: Progress) -> None:
        begin = time.monotonic()
        affinity.measure(self, rate)
        progress.skip(time.monotonic() - begin)

    def _evaluate_if_due(self, progress: Progress) -> None:
        """Evaluates every `evaluate.steps` steps, once each; a new best is saved."""
        every = self.config.evaluate.steps
        if every and self.step % every == 0 and self.step > self.evaluated_step:
            begin = time.monotonic()
            scores = self.process_group.as_chief(self._evaluate(progress))
            self.evaluated_step = self.step
            if self.best.add(self.step, scores):
                self.save()
            progress.skip(time.monotonic() - begin)
            if self.best.exhausted:
                self.log(f"  No new best in {self.config.evaluate.patience} evaluations: done.")

    def _evaluate(self, progress: Progress) -> dict[str, dict[str, float]]:
        """Scores a bounded number of examples and says the first score of each problem."""
        evaluate = self.config.evaluate
        scores, parts = {}, []
        with averaged(self.model, self.engine):
            for name in self.prepared:
                result = self.evaluator.evaluate(
                    name, evaluate.split, evaluate.examples, evaluate.train_decode_examples
                )
                scores[name] = result.scores
                logged = {f"{name}/{result.split}/{k}": v for k, v in result.scores.items()}
                self.folder.write_scalars(self.step, logged)
                if evaluate.train_decode_examples:
                    self.keep_samples(result)
                score, value = next(iter(result.scores.items()))
                progress.dev_scores[name] = f"{result.split} {score} {value:.3f}"
                parts.append(f"{name} {score} {value:.3f}")
        self.log(f"  {evaluate.split}: " + "  ".join(parts))
        return scores

    def keep_samples(self, result: Result) -> None:
        """Keeps a few decoded examples of an evaluation in the run's folder."""
        name, split = result.problem, result.split
        outputs = result.outputs or self.evaluator.outputs(name, split, SAMPLES)
        samples = samples_of(outputs, self.prepared[name], split)
        self.folder.write_samples(self.step, name, split, samples)


def _silent(line: str) -> None:
    """Drops the lines of workers other than the chief, which says the same."""
