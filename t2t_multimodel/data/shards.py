"""One shard of one split: encoded, checked, written by rename. A pure function of its job."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import registry, storage, usr_dir
from t2t_multimodel.data.encoder import ExampleEncoder
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.records import write_records
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.problem import Problem

Summary = dict[str, Any]
"""A `Summary` tells of a shard that was written: file, examples, bytes, sha256, rejected (kind ->
count), reasons (kind -> the first ones in words)."""
_SUMMARY_KEYS = {"file", "examples", "bytes", "sha256", "rejected", "reasons"}
Tell = Callable[[int, int], None]
"""Takes how many examples and bytes were written since the last call."""
TELL_SECONDS = 0.2
"""Between two calls of it."""


@dataclass(frozen=True)
class ShardJob:
    """Holds what a process needs to write one shard, on this machine or on another one."""

    problem: str
    split: str
    shard: int
    shards: int
    address: str
    """The folder of the records: a path, or an URL that each process gives a place of its own."""
    raw_address: str | None
    """The same of the raw files."""
    vocabularies: dict[str, bytes]
    """Name -> serialised SentencePiece model."""
    usr_dirs: tuple[str, ...]

    def on_this_machine(self) -> ShardJob:
        """The same for a process that shares the paths of this one: they replace URLs."""
        raw = None if self.raw_address is None else str(storage.place(self.raw_address))
        return replace(self, address=str(self.folder), raw_address=raw)

    @property
    def folder(self) -> Path:
        """Where the records lie in this process."""
        return storage.place(self.address)

    @property
    def split_name(self) -> str:
        """Problem and split, as messages have it."""
        return f"{self.problem} {self.split}"

    @property
    def path(self) -> Path:
        """The record file; the name is the one that TensorFlow Datasets expects."""
        place = f"{self.shard:05d}-of-{self.shards:05d}"
        return self.folder / f"{self.problem}-{self.split}.tfrecord-{place}"

    @property
    def index_path(self) -> Path:
        """Offsets and lengths of the records."""
        return self.path.with_name(f"{self.path.name}.index.npz")

    @property
    def summary_path(self) -> Path:
        """The summary of the record file; written last, it proves the others whole."""
        return self.path.with_name(f"{self.path.name}.json")

    def summary(self) -> Summary | None:
        """The summary of a shard that was written; None if there is none that can be read."""
        try:
            summary = json.loads(self.summary_path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        whole = isinstance(summary, dict) and summary.keys() >= _SUMMARY_KEYS
        return summary if whole else None


def publish(job: ShardJob) -> None:
    """Brings a shard to its URL, if its folder stands for one: what proves it whole goes last."""
    for path in (job.path, job.index_path, job.summary_path):
        storage.publish(path)


def seen_fault(job: ShardJob, summary: Summary) -> str:
    """Tells what is wrong with the files of a shard as far as sizes show; "" if nothing is."""
    if not job.path.is_file():
        return "is missing"
    size = job.path.stat().st_size
    if size != summary["bytes"]:
        return f"has {size} bytes instead of {summary['bytes']}"
    return "" if job.index_path.is_file() else "has lost its index"


def write_shard(job: ShardJob, tell: Tell | None = None) -> Summary:
    """Writes the records of a shard, their index, and last the summary that proves them whole.

    Which examples belong to the shard depends on the job alone, so the result does not depend
    on which process writes it. A shard that is whole is left as it is.

    Args:
        job: which shard, and what from.
        tell: hears of the progress a few times a second.

    Raises:
        Unreadable: a raw file could not be read; nothing was written.
        UserError: the disk is full, the first example lacks a feature.
    """
    summary = _fetched_summary(job)
    if summary is not None and not seen_fault(job, summary):
        return summary
    for folder in job.usr_dirs:
        usr_dir.add_one(storage.fetch(storage.place(folder)))
    problem: Problem = registry.problems.get(job.problem)()
    encoder = ExampleEncoder(
        problem, {n: SubwordTokenizer(n, m) for n, m in job.vocabularies.items()}
    )
    raw = job.raw_address
    raw_dir = None if raw is None else storage.fetch_once(storage.place(raw))
    records = encoder.records(job.split, job.shard, job.shards, raw_dir)
    offsets, sha256 = write_records(job.path, _told(records, tell) if tell else records)
    lengths = encoder.lengths
    with written_by_rename(job.index_path) as file:
        np.savez(file, offsets=offsets, lengths=lengths)
    summary = {
        "file": job.path.name,
        "examples": len(lengths),
        "bytes": int(offsets[-1]),
        "sha256": sha256,
        "rejected": encoder.rejected,
        "reasons": encoder.reasons,
    }
    with written_by_rename(job.summary_path) as file:
        file.write(json.dumps(summary, indent=1).encode())
    return summary


def _fetched_summary(job: ShardJob) -> Summary | None:
    """The summary of a shard that some process has written, with its files where it is whole."""
    storage.fetch(job.summary_path)
    summary = job.summary()
    if summary is not None:
        for path in (job.path, job.index_path):
            storage.fetch(path)
    return summary


def _told(records: Iterable[bytes], tell: Tell) -> Iterator[bytes]:
    """The same records, reported on."""
    tell(0, 0)
    examples = size = 0
    due = time.monotonic() + TELL_SECONDS
    for record in records:
        yield record
        examples, size = examples + 1, size + len(record)
        if time.monotonic() >= due:
            tell(examples, size)
            examples = size = 0
            due = time.monotonic() + TELL_SECONDS
    tell(examples, size)
