"""Datagen: vocabularies and record files of problems, made once and found again."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry, usr_dir
from t2t_multimodel.data import vocab
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.fingerprint import code_facts, files_facts, fingerprint
from t2t_multimodel.data.records import written_by_rename
from t2t_multimodel.data.shards import ShardJob, is_whole, write_shard
from t2t_multimodel.data.vocab import SubwordTokenizer
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import ProblemSignature
from t2t_multimodel.problem import Problem

_FORMAT = "1"


@dataclass(frozen=True)
class Prepared:
    """A problem whose vocabularies and records lie in the data folder."""

    problem: Problem
    tokenizers: dict[str, SubwordTokenizer]
    folder: Path
    """Holds `<split>.json` and the record files of every split."""

    @property
    def signature(self) -> ProblemSignature:
        """What the model is built from."""
        return self.problem.signature(dict(self.tokenizers))

    @property
    def fingerprint(self) -> str:
        """What the records were made from; equal fingerprints mean equal records."""
        return self.folder.name

    def dataset(self, split: str) -> DataSet:
        """The examples of a split."""
        if split not in self.problem.splits:
            raise UserError(
                f"Problem {self.problem.name!r} has no split {split!r}; "
                f"it has {', '.join(self.problem.splits)}."
            )
        return DataSet(self.folder, split, self.problem.features)


def generate(
    names: Sequence[str],
    data_dir: Path,
    raw_dir: Path | None = None,
    workers: int = 1,
    vocab_size: int | None = None,
    tokenizers: dict[str, SubwordTokenizer] | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, Prepared]:
    """Makes what is missing of the named problems' vocabularies and records.

    Args:
        names: registered problems.
        data_dir: folder for `vocab/` and `<problem>/<fingerprint>/`.
        raw_dir: where the user keeps the raw files; None for problems that ship theirs.
        workers: processes that encode; the result does not depend on it.
        vocab_size: ids of every vocabulary, None: as each declares.
        tokenizers: vocabularies by name that are taken as they are (a checkpoint's).
        report: receives a line for each split that was written.

    Raises:
        UserError: raw files are missing, an example is malformed, a split is empty.
    """
    registry.problems.check(names)
    known = dict(tokenizers or {})
    prepared = {}
    for name in names:
        problem: Problem = registry.problems.get(name)()
        problem.check_declared()
        problem.source_files(raw_dir)  # what is missing is told before a vocabulary is learned
        for vocabulary in problem.vocabularies():
            if vocabulary not in known:
                declared = vocab.declared(vocabulary, problem)
                known[vocabulary] = vocab.load_or_train(declared, data_dir, raw_dir, vocab_size)
        own = {vocabulary: known[vocabulary] for vocabulary in problem.vocabularies()}
        facts = _facts(problem, own, raw_dir)
        folder = data_dir / name / fingerprint(facts)
        prepared[name] = Prepared(problem, own, folder)
        _write_splits(prepared[name], facts, raw_dir, workers, report)
    return prepared


def _facts(
    problem: Problem, tokenizers: dict[str, SubwordTokenizer], raw_dir: Path | None
) -> dict[str, Any]:
    """Everything that the records depend on."""
    return {
        "format": _FORMAT,
        "problem": problem.name,
        "version": problem.version,
        "features": {name: repr(feature) for name, feature in problem.features.items()},
        "splits": problem.splits,
        "train_shards": problem.train_shards,
        "vocabularies": {name: tokenizer.identity for name, tokenizer in tokenizers.items()},
        "code": code_facts(type(problem), Problem),
        "files": files_facts(problem.source_files(raw_dir)),
    }


def _write_splits(
    prepared: Prepared,
    facts: dict[str, Any],
    raw_dir: Path | None,
    workers: int,
    report: Callable[[str], None],
) -> None:
    name = prepared.problem.name
    for split in prepared.problem.splits:
        manifest_path = prepared.folder / f"{split}.json"
        if _is_complete(manifest_path):
            continue
        begin = time.monotonic()
        jobs = list(_jobs(prepared, split, raw_dir))
        shards = list(_run(jobs, workers))
        if not any(shard["examples"] for shard in shards):
            for job in jobs:  # so that the next call looks again
                job.summary_path.unlink()
            raise _no_examples(name, split, shards)
        manifest = _manifest(name, split, shards, facts)
        with written_by_rename(manifest_path) as file:
            file.write(json.dumps(manifest, indent=1).encode())
        seconds = time.monotonic() - begin
        report(
            f"{name} {split}: {manifest['examples']:,} examples, "
            f"{sum(shard['bytes'] for shard in shards) / 1e6:.1f} MB, {seconds:.1f} s"
        )
        for kind, count in manifest["rejected"].items():
            report(f"  {count:,} left out: {kind}, e.g. {_reason(shards, kind)}")


def _is_complete(manifest_path: Path) -> bool:
    if not manifest_path.is_file():
        return False
    shards = json.loads(manifest_path.read_text())["shards"]
    return all(is_whole(manifest_path.parent, shard) for shard in shards)


def _jobs(prepared: Prepared, split: str, raw_dir: Path | None) -> Iterator[ShardJob]:
    problem = prepared.problem
    shards = problem.train_shards if split == "train" else 1
    models = {name: tokenizer.model for name, tokenizer in prepared.tokenizers.items()}
    for shard in range(shards):
        yield ShardJob(
            problem.name, split, shard, shards, prepared.folder, raw_dir, models, usr_dir.added()
        )


def _run(jobs: list[ShardJob], workers: int) -> Iterator[dict[str, Any]]:
    """The summaries in the order of the shards."""
    in_process = min(workers, len(jobs)) <= 1 or _typed_at_a_prompt(jobs[0].problem)
    if in_process:
        yield from map(write_shard, jobs)
        return
    # Spawned, not forked: a fork of a process with threads (TensorFlow's) can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        try:
            yield from pool.map(write_shard, jobs)
        except BrokenProcessPool as error:
            raise UserError(
                "A process that writes records died.",
                fix='In a script, call this below `if __name__ == "__main__":`, or pass '
                "workers=1; if memory ran out, use fewer workers.",
            ) from error


def _typed_at_a_prompt(problem: str) -> bool:
    """Whether the class lives in a notebook or script that a worker process could not import."""
    return registry.problems.get(problem).__module__ == "__main__"


def _manifest(
    name: str, split: str, shards: list[dict[str, Any]], facts: dict[str, Any]
) -> dict[str, Any]:
    rejected: dict[str, int] = {}
    for shard in shards:
        for kind, count in shard["rejected"].items():
            rejected[kind] = rejected.get(kind, 0) + count
    return {
        "problem": name,
        "split": split,
        "examples": sum(shard["examples"] for shard in shards),
        "rejected": rejected,
        "shards": shards,
        "made_from": facts,
    }


def _no_examples(name: str, split: str, shards: list[dict[str, Any]]) -> UserError:
    kinds = [kind for shard in shards for kind in shard["reasons"]]
    why = _reason(shards, kinds[0]) if kinds else "examples() yielded nothing"
    return UserError(f"Problem {name!r} has no {split} examples: {why}.")


def _reason(shards: list[dict[str, Any]], kind: str) -> str:
    """Why an example was left out, in words."""
    return next(shard["reasons"][kind][0] for shard in shards if kind in shard["reasons"])
