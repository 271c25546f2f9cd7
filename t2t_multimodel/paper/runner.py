"""The runner: trains the runs of experiments that are missing, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import overrides
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.overrides import Resolved
from t2t_multimodel.paper.experiment import Arm, Experiment
from t2t_multimodel.paper.scales import Scale
from t2t_multimodel.paper.settings import resolved_arm
from t2t_multimodel.terminal import plural


@dataclass(frozen=True, kw_only=True)
class Request:
    """Says what is run, how large, and where."""

    experiments: tuple[Experiment, ...]
    scale: Scale
    seeds: int
    """Runs of each arm that does not name its seeds."""
    output_dir: Path
    """Gets the folder of each run."""
    results_dir: Path
    """Gets the record of each finished run, and the page."""
    data_dir: Path
    raw_dir: RawDir = None
    only: tuple[str, ...] = ()
    """Names of the arms that are trained; (): all."""


@dataclass(frozen=True)
class Job:
    """One run: an arm with a seed."""

    arm: Arm
    seed: int
    resolved: Resolved
    cost: float
    """Processor seconds, by estimate of the scale."""

    @property
    def name(self) -> str:
        """Names its folder and its record."""
        return f"{self.arm.name}-seed{self.seed}"


def jobs_of(request: Request) -> list[Job]:
    """Every run of the experiments, each once.

    Raises:
        UserError: two experiments mean different things by one arm, an arm can not be made, or
            none has the name that is asked for.
    """
    arms: dict[str, Arm] = {}
    for experiment in request.experiments:
        for arm in experiment.arms:
            if arms.setdefault(arm.name, arm) != arm:
                raise UserError(f"Two experiments have different arms named {arm.name}.")
    for name in request.only:
        if name not in arms:
            raise unknown("arm", name, list(arms))
    return [
        _job(arm, seed, request.scale)
        for name, arm in arms.items()
        if not request.only or name in request.only
        for seed in seeds_of(arm, request.seeds)
    ]


def _job(arm: Arm, seed: int, scale: Scale) -> Job:
    resolved = resolved_arm(arm, scale, seed)
    return Job(arm, seed, resolved, scale.cost.seconds(resolved.config))


def seeds_of(arm: Arm, seeds: int) -> Sequence[int]:
    """The seeds of an arm where the command asks for so many."""
    return arm.seeds or range(seeds)


def missing(jobs: Iterable[Job], request: Request) -> list[Job]:
    """The runs that have no record yet.

    Raises:
        UserError: a record or a run folder with the name of one of them is of other settings.
    """
    from t2t_multimodel.paper.record import load_record, record_file, refuse_another, run_folder

    left = []
    for job in jobs:
        file = record_file(request.results_dir, job.arm.name, job.seed)
        known = load_record(file)
        if known is not None:
            refuse_another(file, known.config, job.resolved.config)
            continue
        run = run_folder(request.output_dir, job.arm.name, job.seed)
        begun = overrides.recorded(run)
        if begun is not None:
            refuse_another(run, begun.config.to_dict(), job.resolved.config)
        left.append(job)
    return left


def train_missing(request: Request) -> bool:
    """Trains what is missing, and leaves the record of each run.

    Returns:
        Whether everything is there; False if a signal stopped it.

    Raises:
        UserError: see `jobs_of` and `missing`, before anything is trained.
    """
    jobs = jobs_of(request)
    left = missing(jobs, request)
    print(f"{plural(len(jobs), 'run')}, of which {len(jobs) - len(left)} are finished.")
    begin, done, total = time.monotonic(), 0.0, sum(job.cost for job in left)
    for number, job in enumerate(left, 1):
        print(f"Run {number} of {len(left)}: {job.name}{_remaining(begin, done, total)}")
        if not _train(job, request):
            print("Stopped; the same command goes on.")
            return False
        done += job.cost
    return True


def _remaining(begin: float, done: float, total: float) -> str:
    """In words, as the runs so far let one expect; nothing before the first one."""
    if not done:
        return ""
    from t2t_multimodel.train.progress import duration

    seconds = (time.monotonic() - begin) * (total - done) / done
    return f", about {duration(seconds)} to go"


def _train(job: Job, request: Request) -> bool:
    """Trains one run to its end and writes its record; False if it was stopped."""
    import keras

    from t2t_multimodel.paper import record
    from t2t_multimodel.train.main import train

    config, name, seed = job.resolved.config, job.arm.name, job.seed
    run = record.run_folder(request.output_dir, name, seed)
    if not record.is_complete(run, config):
        begin = time.process_time()
        results = train(job.resolved, request.data_dir, request.raw_dir, run)
        record.add_cpu_seconds(run, time.process_time() - begin)
        keras.backend.clear_session()  # or each run would keep the graphs of those before it
        if not results:
            return False
    file = record.record_file(request.results_dir, name, seed)
    record.write_record(file, run, name, seed, config, request.data_dir)
    return True
