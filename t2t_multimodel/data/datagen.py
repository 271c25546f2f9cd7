"""Datagen: vocabularies and record files of problems, made once and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from t2t_multimodel import registry, storage, usr_dir
from t2t_multimodel.config import Config
from t2t_multimodel.cores import cores
from t2t_multimodel.data import processes, stale, vocab
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.facts import facts_of
from t2t_multimodel.data.files import remove_abandoned
from t2t_multimodel.data.fingerprint import fingerprint
from t2t_multimodel.data.kept import Kept, Shelf, fetch_problem, find_kept
from t2t_multimodel.data.processes import Run
from t2t_multimodel.data.progress import DatagenProgress
from t2t_multimodel.data.raw_dirs import RawDir, RawDirs, as_raw_dirs
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.shards import ShardJob, publish, seen_fault
from t2t_multimodel.data.splits import SplitOnDisk, told
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.verify import read_fault
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.problem import Problem
from t2t_multimodel.raw_files import mark_own

Report = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """A problem whose vocabularies and records lie in the data folder."""

    problem: Problem
    tokenizers: dict[str, SubwordTokenizer]
    folder: Path
    """Holds `<split>.json` and the record files of every split."""

    @property
    def signature(self) -> ProblemSignature:
        """Holds what the model is built from."""
        return self.problem.signature(dict(self.tokenizers))

    @property
    def fingerprint(self) -> str:
        """Names what the records were made from; equal fingerprints mean equal records."""
        return self.folder.name

    def dataset(self, split: str) -> DataSet:
        """The examples of a split."""
        if split not in self.problem.splits:
            raise UserError(
                f"Problem {self.problem.name!r} has no split {split!r}; "
                f"it has {', '.join(self.problem.splits)}."
            )
        return DataSet(self.folder, split, self.problem.features)


@dataclass(frozen=True, kw_only=True)
class DatagenOptions:
    """Says how `generate` makes what is missing."""

    workers: int = 1
    """Processes that encode; the result does not depend on it."""
    vocab_size: int | None = None
    """Ids of every vocabulary; None: as each declares."""
    tokenizers: Mapping[str, SubwordTokenizer] | None = None
    """Vocabularies by name that are taken as they are, such as a checkpoint's."""
    report: Report = print
    """Receives a line for each split that was written, and for what was damaged or stale."""
    verify: bool = False
    """Reads everything that is there to the last byte, and makes again what is damaged."""
    run: Run | None = None
    """Writes the shards; None: `workers` processes of this machine."""
    begun: Mapping[str, str] | None = None
    """Problem -> fingerprint of the records that a run was begun with; it wants the same."""


def generate(
    names: Sequence[str],
    data_dir: Path,
    raw_dir: RawDir = None,
    options: DatagenOptions | None = None,
) -> dict[str, Prepared]:
    """Makes what is missing of the named problems' vocabularies and records.

    Args:
        names: registered problems.
        data_dir: folder for `vocab/` and `<problem>/<fingerprint>/`.
        raw_dir: where the user keeps the raw files; None for problems that ship theirs, and where
            complete records are enough.
        options: how it is made; None: as `DatagenOptions()` says.

    Raises:
        UserError: raw files are missing or unreadable, a split is empty, the disk is full, or the
            data are not those that the run was begun with.
    """
    options = options or DatagenOptions()
    registry.problems.check(names)
    raw_dirs = as_raw_dirs(raw_dir)
    raw_dirs.check(names)
    _keep_apart(data_dir, raw_dirs, names)
    known = dict(options.tokenizers or {})
    prepared: dict[str, Prepared] = {}
    splits: list[SplitOnDisk] = []
    for name in names:
        problem: Problem = registry.problems.get(name)()
        problem.check_declared()
        fetch_problem(data_dir, name)
        own_raw, begun_with = raw_dirs.of(name), (options.begun or {}).get(name, "")
        shelf = Shelf(problem, data_dir, known, options.vocab_size, begun_with)
        kept = find_kept(shelf, own_raw, options.report)
        if isinstance(kept, Kept):
            own, facts, folder = kept.tokenizers, kept.facts, kept.folder
        else:
            own = _vocabularies(shelf, own_raw, options.report)
            facts = facts_of(problem, own, files=kept)
            folder = data_dir / name / fingerprint(facts)
        known |= own
        prepared[name] = Prepared(problem, own, folder)
        if begun_with:
            _check_begun(prepared[name], begun_with, facts)
        splits += _look(prepared[name], facts, own_raw, options)
    run = options.run or partial(processes.run, workers=options.workers)
    _write(splits, run, options.report)
    return prepared


def run_options(
    config: Config,
    tokenizers: Mapping[str, SubwordTokenizer] | None = None,
    *,
    report: Report = print,
    begun: Mapping[str, str] | None = None,
) -> DatagenOptions:
    """Returns the options of a run: its size of vocabularies, and all cores.

    Args:
        config: of the run.
        tokenizers: those of the checkpoint that goes on, is scored or decodes; None: a new run.
        report, begun: see `DatagenOptions`.
    """
    return DatagenOptions(
        workers=cores(),
        vocab_size=config.data.vocab_size,
        tokenizers=tokenizers,
        report=report,
        begun=begun,
    )


def prepare(
    names: Sequence[str],
    data_dir: Path,
    raw_dir: RawDir,
    config: Config,
    tokenizers: Mapping[str, SubwordTokenizer] | None = None,
    report: Report = print,
) -> dict[str, Prepared]:
    """Calls `generate` with the `run_options` of a config."""
    return generate(names, data_dir, raw_dir, run_options(config, tokenizers, report=report))


def _keep_apart(data_dir: Path, raw_dirs: RawDirs, names: Sequence[str]) -> None:
    """Marks `data_dir` where it lies among the raw files, of which it is none.

    Raises:
        UserError: the two are one folder.
    """
    data = data_dir.resolve()
    for own in {raw_dirs.of(name) for name in names} - {None}:
        raw = own.resolve() if own is not None else data
        if raw == data:
            raise UserError(
                f"{data_dir} is given for raw files and for records.",
                fix="Give --data_dir another folder, which may lie in the first.",
            )
        if data.is_relative_to(raw):
            mark_own(data_dir)


def _vocabularies(
    shelf: Shelf, raw_dir: Path | None, report: Report
) -> dict[str, SubwordTokenizer]:
    """The vocabularies of a problem by name: known ones, else those in `data_dir`, else new."""
    found: dict[str, SubwordTokenizer] = {}
    for name in shelf.problem.vocabularies():
        found[name] = shelf.known.get(name) or vocab.load_or_train(
            *(vocab.declared(name, shelf.problem), shelf.data_dir, raw_dir),
            *(shelf.vocab_size, report),
            asked_by=shelf.problem.name,
        )
    return found


def _check_begun(prepared: Prepared, begun_with: str, facts: dict[str, Any]) -> None:
    """Raises `UserError` if the data are not those that a run was begun with, and says why."""
    if prepared.fingerprint == begun_with:
        return
    name = prepared.problem.name
    then = stale.made_from(prepared.folder.with_name(begun_with) / "train.json")
    if then is not None:
        why = "; ".join(stale.differences(then, facts))
        raise UserError(
            f"The data of {name} are not those that the run was begun with, {begun_with}: {why}.",
            fix="Undo that, or keep the run's records: "
            f"mm-datagen --problem={name} --accept={begun_with}",
        )


def _look(
    prepared: Prepared, facts: dict[str, Any], raw_dir: Path | None, options: DatagenOptions
) -> Iterator[SplitOnDisk]:
    """The splits of a problem that are not complete; tells of what is damaged or stale."""
    folder, verify, report = prepared.folder, options.verify, options.report
    remove_abandoned(folder)
    if verify:
        for line in stale.left_over(folder, facts):
            report(line)
    elif not folder.is_dir() and (why := stale.why_anew(folder, facts)):
        report(why)
    for split in prepared.problem.splits:
        found = SplitOnDisk(list(_jobs(prepared, split, raw_dir)), facts)
        found.look(read_fault if verify else seen_fault, report)
        if not found.is_complete():
            yield found
        elif verify:
            report(f"{found.name}: every byte of {found.examples:,} examples is as it was written")


def _jobs(prepared: Prepared, split: str, raw_dir: Path | None) -> Iterator[ShardJob]:
    problem = prepared.problem
    shards = problem.train_shards if split == "train" else 1
    models = {name: tokenizer.model for name, tokenizer in prepared.tokenizers.items()}
    address = storage.shown(prepared.folder)
    raw = None if raw_dir is None else storage.shown(raw_dir)
    for shard in range(shards):
        yield ShardJob(problem.name, split, shard, shards, address, raw, models, usr_dir.added())


def _write(splits: list[SplitOnDisk], run: Run, report: Report) -> None:
    """Writes what is missing; a split is closed as soon as its last shard is there.

    Raises:
        UserError: raw files could not be read, after everything else was written.
    """
    try:
        _write_all(splits, run, report)
    finally:
        for folder in {job.folder for split in splits for job in split.jobs}:
            with suppress(OSError):  # what is not empty stays
                folder.rmdir()
                folder.parent.rmdir()


def _write_all(splits: list[SplitOnDisk], run: Run, report: Report) -> None:
    unreadable: list[Unreadable] = []
    owners = {split.name: split for split in splits}
    with DatagenProgress(report) as progress:
        for split in splits:
            progress.begin(split, _declared(split))
            if not split.missing:  # all but its manifest is there
                _close(split, progress, report)
        for job, outcome in run([job for split in splits for job in split.missing], progress.tell):
            if isinstance(outcome, Unreadable):
                unreadable.append(outcome)
                continue
            publish(job)
            split = owners[job.split_name]
            split.summaries[job.shard] = outcome
            progress.finish(job, outcome)
            if not split.missing:
                _close(split, progress, report)
    if unreadable:
        raise _all_of(unreadable)


def _declared(split: SplitOnDisk) -> int | None:
    """Looks up how many examples its problem says the split has."""
    declared = registry.problems.get(split.problem).declared
    return declared.examples[split.split] if declared else None


def _close(split: SplitOnDisk, progress: DatagenProgress, report: Report) -> None:
    manifest = split.close()
    for line in told(manifest, progress.end(split)):
        report(line)


def _all_of(unreadable: list[Unreadable]) -> UserError:
    first, *more = dict.fromkeys(str(error.message) for error in unreadable)
    return UserError("\n".join([first, *more]), unreadable[0].fix)
