"""The runner: trains the runs of experiments that are missing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import overrides, storage
from t2t_multimodel.cores import cores
from t2t_multimodel.data.raw_dirs import RawDir, as_raw_dirs
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.overrides import Resolved
from t2t_multimodel.paper.experiment import Arm, Experiment
from t2t_multimodel.paper.lanes import Work, done_in_lanes
from t2t_multimodel.paper.one_run import RunTask, is_trained, train_run, write_record_of
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
    lanes: int = 1
    """Runs that are trained side by side, each on its share of the cores."""


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
    jobs = [
        _job(arm, seed, request.scale)
        for name, arm in arms.items()
        if not request.only or name in request.only
        for seed in seeds_of(arm, request.seeds)
    ]
    return sorted(jobs, key=lambda job: job.seed)  # all tables have one seed before any has two


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
        UserError: see `jobs_of` and `missing`, or data are missing, before anything is trained;
            or what a run raised, which stops the others.
    """
    jobs = jobs_of(request)
    left = missing(jobs, request)
    print(f"{plural(len(jobs), 'run')}, of which {len(jobs) - len(left)} are finished.")
    trained = {task.name for task in tasks_of(left, request) if is_trained(task)}
    for task in tasks_of(left, request):
        if task.name in trained:  # it lacks its record alone
            write_record_of(task)
    left = [job for job in left if job.name not in trained]
    _make_data(left, request)
    clock = _Clock(left)
    work = [Work(task, task.name, _log(request, task)) for task in tasks_of(left, request)]
    for one in done_in_lanes(train_run, work, request.lanes, clock.begins):
        storage.fetch(request.results_dir / "runs", depth=1, only=f"{one.name}.json")
        clock.ends(one.name)
    if clock.left:
        print("Stopped; the same command goes on.")
    return not clock.left


def _make_data(jobs: list[Job], request: Request) -> None:
    """Makes the data of all runs before the first one, so that no two runs make them at once."""
    from t2t_multimodel.data.datagen import DatagenOptions, generate

    problems: dict[int | None, list[str]] = {}
    for job in jobs:
        config = job.resolved.config
        begun = overrides.recorded(request.output_dir / "runs" / job.name)
        problems.setdefault(config.data.vocab_size, []).extend(() if begun else config.rates)
    for vocab_size, names in problems.items():
        options = DatagenOptions(workers=cores(), vocab_size=vocab_size)
        generate(list(dict.fromkeys(names)), request.data_dir, request.raw_dir, options)


def tasks_of(jobs: Iterable[Job], request: Request) -> Iterator[RunTask]:
    """What a process is given of each run."""
    data_dir, output_dir, results_dir = map(
        storage.shown, (request.data_dir, request.output_dir, request.results_dir)
    )
    raw_dir = str(as_raw_dirs(request.raw_dir))
    for job in jobs:
        yield RunTask(
            job.arm.name, job.seed, job.resolved, data_dir, raw_dir, output_dir, results_dir
        )


def _log(request: Request, task: RunTask) -> Path:
    return request.output_dir / "runs" / f"{task.name}.log"


class _Clock:
    """Tells which run begins and ends, and the time that is left by those that have ended."""

    def __init__(self, jobs: list[Job]) -> None:
        self._cost = {job.name: job.cost for job in jobs}
        self._begin = time.monotonic()
        self._begun: dict[str, float] = {}
        self.left = set(self._cost)
        """Names of the runs that have not ended."""

    def begins(self, work: Work[RunTask], beside: list[RunTask]) -> None:
        """Is told of a run and of those that go on beside it."""
        from t2t_multimodel.train.progress import duration

        self._begun[work.name] = time.monotonic()
        ended = sum(cost for name, cost in self._cost.items() if name not in self.left)
        about = ""
        if ended:
            total, half = sum(self._cost.values()), sum(self._cost[one.name] for one in beside) / 2
            seconds = (time.monotonic() - self._begin) * (total - ended - half) / (ended + half)
            about = f", about {duration(seconds)} to go"
        print(f"Run {len(self._begun)} of {len(self._cost)}: {work.name}{about}", flush=True)

    def ends(self, name: str) -> None:
        """Is told of a run whose record is there."""
        from t2t_multimodel.train.progress import duration

        self.left.remove(name)
        spent = duration(time.monotonic() - self._begun[name])
        print(f"{name} is finished after {spent}.", flush=True)
