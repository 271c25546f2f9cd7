"""One split on disk: which of its shards are sound, and the manifest that lists them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from t2t_multimodel import storage
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.fingerprint import fingerprint
from t2t_multimodel.data.shards import ShardJob, Summary
from t2t_multimodel.data.stale import differences, made_from
from t2t_multimodel.errors import UserError

FindFault = Callable[[ShardJob, Summary], str]
"""A `FindFault` tells what is wrong with a shard; "" if nothing is."""


class SplitOnDisk:
    """Knows what is there of a split, and what is missing of it."""

    def __init__(self, jobs: list[ShardJob], facts: dict[str, Any]) -> None:
        """
        Args:
            jobs: one for each shard, in order.
            facts: what the records are made from; the folder is named by their fingerprint.
        """
        self.jobs = jobs
        self.problem, self.split = jobs[0].problem, jobs[0].split
        self.name = jobs[0].split_name
        self.manifest_path = jobs[0].folder / f"{self.split}.json"
        self._facts = facts
        self.summaries: dict[int, Summary] = {}
        """Shard -> summary, of those that are sound."""

    @property
    def missing(self) -> list[ShardJob]:
        """Lists what is still to be written."""
        return [job for job in self.jobs if job.shard not in self.summaries]

    @property
    def examples(self) -> int:
        """Counts the examples in the shards that are sound."""
        return sum(summary["examples"] for summary in self.summaries.values())

    def look(self, find_fault: FindFault, report: Callable[[str], None]) -> None:
        """Finds the sound shards; tells of damaged ones and forgets them.

        Args:
            find_fault: how thoroughly.
            report: takes a line for each damaged file.
        """
        if self._is_of_another_state(report):
            for job in self.jobs:
                _forget(job)
            self.manifest_path.unlink(missing_ok=True)
        for job in self.jobs:
            summary = job.summary()
            if summary is None:
                fault = self._lost_summary(job)
            elif not (fault := find_fault(job, summary)):
                self.summaries[job.shard] = summary
            if fault:
                report(f"{storage.shown(job.path)} {fault}; it is made again.")
                _forget(job)

    def _is_of_another_state(self, report: Callable[[str], None]) -> bool:
        """Whether the manifest speaks of records that were not made for this folder."""
        if not self.manifest_path.is_file():
            return False
        facts = made_from(self.manifest_path)
        if facts is None:
            report(f"{storage.shown(self.manifest_path)} is damaged; it is made again.")
            return False
        if fingerprint(facts) == self.manifest_path.parent.name:
            return False
        what = "; ".join(differences(facts, self._facts)) or "its facts differ"
        where = storage.shown(self.manifest_path.parent)
        report(f"{where}: the {self.split} records are stale: {what}.")
        return True

    def _lost_summary(self, job: ShardJob) -> str:
        if job.summary_path.is_file():
            return "has a damaged summary"
        return "has lost its summary" if self.manifest_path.is_file() else ""

    def is_complete(self) -> bool:
        """Whether every shard is sound and the manifest lists them."""
        if self.missing or not self.manifest_path.is_file():
            return False
        try:
            listed = json.loads(self.manifest_path.read_bytes())["shards"]
        except (ValueError, KeyError, TypeError):
            return False
        return listed == self._shards() and made_from(self.manifest_path) is not None

    def _shards(self) -> list[Summary]:
        return [self.summaries[job.shard] for job in self.jobs]

    def close(self) -> dict[str, Any]:
        """Writes the manifest of a split whose shards are all there; returns it.

        Raises:
            UserError: no shard has an example.
        """
        shards = self._shards()
        if not any(shard["examples"] for shard in shards):
            for job in self.jobs:  # the next call looks again
                _forget(job)
            raise self._no_examples(shards)
        manifest = {
            "problem": self.problem,
            "split": self.split,
            "examples": self.examples,
            "rejected": _rejected(shards),
            "shards": shards,
            "made_from": self._facts,
        }
        with written_by_rename(self.manifest_path) as file:
            file.write(json.dumps(manifest, indent=1).encode())
        return manifest

    def _no_examples(self, shards: list[Summary]) -> UserError:
        kinds = [kind for shard in shards for kind in shard["reasons"]]
        why = reason(shards, kinds[0]) if kinds else "examples() yielded nothing"
        return UserError(f"Problem {self.problem!r} has no {self.split} examples: {why}.")


def _forget(job: ShardJob) -> None:
    """Removes the summary, for every process: nothing proves the shard whole any more."""
    if job.summary_path.is_file():
        storage.remove(job.summary_path)
        job.summary_path.unlink(missing_ok=True)


def _rejected(shards: list[Summary]) -> dict[str, int]:
    rejected: dict[str, int] = {}
    for shard in shards:
        for kind, count in shard["rejected"].items():
            rejected[kind] = rejected.get(kind, 0) + count
    return rejected


def reason(shards: list[Summary], kind: str) -> str:
    """Why an example was left out, in words."""
    return next(shard["reasons"][kind][0] for shard in shards if kind in shard["reasons"])


def told(manifest: dict[str, Any], seconds: float) -> Iterator[str]:
    """The lines that tell of a split which was written."""
    size = sum(shard["bytes"] for shard in manifest["shards"]) / 1e6
    yield (
        f"{manifest['problem']} {manifest['split']}: {manifest['examples']:,} examples, "
        f"{size:.1f} MB, {seconds:.1f} s"
    )
    for kind, count in manifest["rejected"].items():
        yield f"  {count:,} left out: {kind}, e.g. {reason(manifest['shards'], kind)}"
