"""Does the work of `mm-trainer`: data, model, training, and the table at the end."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import keras

from t2t_multimodel import storage
from t2t_multimodel.baselines.measured import known_baselines
from t2t_multimodel.checkpoints import checkpoint as checkpoints
from t2t_multimodel.checkpoints import warm_start
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config import Config
from t2t_multimodel.data.datagen import Prepared, generate, run_options
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.devices import make_engine, set_up
from t2t_multimodel.engines.engine import averaged, parallel_batches, share_cores
from t2t_multimodel.engines.process_group import ProcessGroup
from t2t_multimodel.evaluate.evaluator import check_split
from t2t_multimodel.evaluate.final import final_result
from t2t_multimodel.evaluate.results_file import store
from t2t_multimodel.evaluate.table import Row, print_table, with_baselines
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.overrides import Resolved
from t2t_multimodel.runs import trackers
from t2t_multimodel.runs.lock import locked
from t2t_multimodel.runs.mixture_report import print_mixture
from t2t_multimodel.runs.object_lock import lock_of
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.terminal import plural
from t2t_multimodel.train.loop import Trainer
from t2t_multimodel.train.parts import freeze
from t2t_multimodel.train.progress import duration
from t2t_multimodel.train.stopping import stop_requests


def train(
    resolved: Resolved,
    data_dir: Path,
    raw_dir: RawDir,
    output_dir: Path,
    cluster: Cluster | None = None,
) -> list[Row]:
    """Trains a run to its end, going on from its last checkpoint if it has one.

    Args:
        resolved: config with origins.
        data_dir: for encoded data; what is missing is made.
        raw_dir: where the user keeps raw files.
        output_dir: folder of the run.
        cluster: this process and the others that train the run, if there are others.

    Returns:
        The scores of every problem on the final split beside their baselines; none if SIGTERM or
        SIGINT stopped it, and none on workers other than the chief.
    """
    if cluster is not None and not cluster.chief:
        return _run(resolved, data_dir, raw_dir, storage.fetch(output_dir), cluster)
    lock = lock_of(output_dir)
    with locked(lock), storage.guarded(output_dir, lock.check):
        try:
            return _run(resolved, data_dir, raw_dir, storage.fetch(output_dir), cluster)
        finally:
            storage.publish(output_dir)


def _run(
    resolved: Resolved,
    data_dir: Path,
    raw_dir: RawDir,
    output_dir: Path,
    cluster: Cluster | None,
) -> list[Row]:
    chief = cluster is None or cluster.chief
    with closing(RunFolder(output_dir, writes=chief)) as folder:
        return _run_in(folder, resolved, data_dir, raw_dir, cluster)


def _run_in(
    folder: RunFolder,
    resolved: Resolved,
    data_dir: Path,
    raw_dir: RawDir,
    cluster: Cluster | None,
) -> list[Row]:
    config, chief, output_dir = resolved.config, folder.writes, folder.path
    trackers.check(config.train.report_to)
    folder.check_settings(config)
    share_cores(parallel_batches(config))
    if not chief:  # a worker joins when the data are made: the code below finds them
        process_group = set_up(config, cluster)
    found = checkpoints.newest_whole(folder.checkpoints)
    if found:
        check_features(found, list(config.rates))
    source = None if found else warm_start.source(config.train.warm_start)
    vocabularies = found or source
    tokenizers = vocabularies.tokenizers() if vocabularies else None
    names, begun = list(config.rates), folder.begun_with()
    options = run_options(config, tokenizers, begun=begun)
    prepared = generate(names, data_dir, raw_dir, options)
    for split in (config.evaluate.split, config.evaluate.final_split):
        check_split(split, prepared)
    if chief:
        process_group = set_up(config, cluster)
    model = found.model() if found else new_model(config, prepared)
    if source:
        warm_start.begin(model, source, prepared)
    freeze(model, config)
    folder.open(resolved, prepared, raw_dir)
    write_baselines(folder, config, prepared)
    trainer = Trainer(
        config, prepared, model, make_engine(model, config, process_group), folder, process_group
    )
    if found:
        trainer.restore(found)
        print(f"Going on from {storage.shown(found.path)}, step {trainer.step:,}.")
    else:
        folder.rewind(0)  # forgets what a run logged that was killed before its first checkpoint
    print(
        f"{storage.shown(output_dir)}: {resolved.set_name}, {plural(len(prepared), 'problem')}, "
        f"{model.count_params() / 1e6:.1f} M parameters, {plural(config.train.steps, 'step')}"
    )
    if trainer.finished and chief:
        print("All steps are done: only the table is made anew.")
    with process_group.watching():
        if not (trainer.finished or _trained(trainer, process_group, output_dir)):
            return []
        return write_final_table(trainer) if chief or process_group.together else []


def _trained(trainer: Trainer, process_group: ProcessGroup, output_dir: Path) -> bool:
    """Trains to the end; False if a signal stopped it, which is then told."""
    if process_group.workers > 1:
        process_group.check_same(trainer.standing())
    if process_group.chief:
        first = min(trainer.step + trainer.config.train.log_steps, trainer.config.train.steps)
        print(f"Compiling; the first losses follow at step {first:,}.", flush=True)
    with stop_requests() as stop:
        trainer.run(stop)
    process_group.leave()
    if trainer.finished:
        starts = trainer.folder.starts
        over = f", in {starts:,} starts" if starts > 1 else ""
        print(f"Trained in {duration(trainer.seconds)}{over}.")
    else:
        by = stop.signal or "a signal to another worker"
        print(
            f"Stopped by {by} at step {trainer.step:,}; everything is saved in "
            f"{storage.shown(output_dir)}. "
            "The same command goes on from there."
        )
    return trainer.finished


def new_model(config: Config, prepared: dict[str, Prepared]) -> MultiModel:
    """A model with fresh weights, the same for the same seed."""
    keras.utils.set_random_seed(config.train.seed)
    tokenizers = [one for each in prepared.values() for one in each.tokenizers.values()]
    spellings = {  # CTC alone needs them
        f"text/{tokenizer.identity}": tokenizer.spelling()
        for tokenizer in (tokenizers if config.model.ctc_weight else ())
    }
    return MultiModel(config.model, [one.signature for one in prepared.values()], spellings)


def write_final_table(trainer: Trainer) -> list[Row]:
    """Prints the mixture, and the scores of the final split beside their baselines; stores them.

    Workers other than the chief only take part in the scoring.
    """
    chief = trainer.process_group.chief
    if chief:
        print_mixture(trainer.realised())
    evaluate = trainer.config.evaluate
    results = []
    with averaged(trainer.model, trainer.engine):
        for number, name in enumerate(trainer.prepared, start=1):
            if chief:
                print(f"Scoring {name}, {number} of {len(trainer.prepared)}.", flush=True)
            results.append(final_result(trainer.evaluator, evaluate, name))
        for result in results if evaluate.decode_examples else ():
            trainer.keep_samples(result)
    if not chief:
        return []
    rows = with_baselines(results, trainer.prepared, evaluate.resamples)
    print_table(rows)
    store(rows, trainer.folder.path / "results.json")
    write_baselines(trainer.folder, trainer.config, trainer.prepared)
    return rows


def write_baselines(folder: RunFolder, config: Config, prepared: dict[str, Prepared]) -> None:
    """Writes the baselines that are known by now beside the run, where reports look for them."""
    known: dict[str, dict[str, Any]] = {}
    for name, one in prepared.items():
        for wanted in (config.evaluate.split, config.evaluate.final_split):
            baselines = known_baselines(one, one.problem.eval_split(wanted))
            if baselines is not None:
                scores = {"source_blind": baselines.source_blind, "trivial": baselines.trivial}
                known.setdefault(name, {})[baselines.split] = scores
    folder.write_json("baselines.json", known)
