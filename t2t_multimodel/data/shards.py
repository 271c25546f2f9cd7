"""One shard of one split: encoded, checked, written by rename. A pure function of its job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import registry, usr_dir
from t2t_multimodel.data import example_proto
from t2t_multimodel.data.records import write_records, written_by_rename
from t2t_multimodel.data.vocab import SubwordTokenizer
from t2t_multimodel.features import BadValue, Tokenizer
from t2t_multimodel.problem import Problem

MOST_REASONS = 5
"""Rejected examples of a shard and a kind that are named one by one; the rest is counted."""


@dataclass(frozen=True)
class ShardJob:
    """What a worker process needs to write one shard."""

    problem: str
    split: str
    shard: int
    shards: int
    folder: Path
    raw_dir: Path | None
    vocabularies: dict[str, bytes]
    """Name -> serialised SentencePiece model."""
    usr_dirs: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The record file; the name is the one that TensorFlow Datasets expects."""
        place = f"{self.shard:05d}-of-{self.shards:05d}"
        return self.folder / f"{self.problem}-{self.split}.tfrecord-{place}"

    @property
    def summary_path(self) -> Path:
        """The summary of the record file."""
        return self.path.with_name(f"{self.path.name}.json")


def is_whole(folder: Path, summary: dict[str, Any]) -> bool:
    """Whether the record file and the index that a summary speaks of are there."""
    records, index = folder / summary["file"], folder / f"{summary['file']}.index.npz"
    same_size = records.is_file() and records.stat().st_size == summary["bytes"]
    return same_size and index.is_file()


def write_shard(job: ShardJob) -> dict[str, Any]:
    """Writes the records of a shard, their index, and last the summary that proves them whole.

    Every `shards`-th example belongs to the shard, so the result does not depend on which
    process writes it. A shard that is whole is left as it is.

    Returns:
        The summary: file, examples, bytes, sha256, rejected (kind -> count), reasons (kind ->
        the first ones in words).
    """
    if job.summary_path.is_file():
        summary = json.loads(job.summary_path.read_text())
        if is_whole(job.folder, summary):
            return summary
    for folder in job.usr_dirs:
        usr_dir.add(folder)
    problem: Problem = registry.problems.get(job.problem)()
    encoder = _Encoder(problem, {n: SubwordTokenizer(n, m) for n, m in job.vocabularies.items()})
    offsets, sha256 = write_records(job.path, encoder.records(job))
    with written_by_rename(job.path.with_name(f"{job.path.name}.index.npz")) as file:
        lengths = np.asarray(encoder.lengths, np.int32).reshape(-1, len(problem.features))
        np.savez(file, offsets=offsets, lengths=lengths)
    summary = {
        "file": job.path.name,
        "examples": len(encoder.lengths),
        "bytes": int(offsets[-1]),
        "sha256": sha256,
        "rejected": encoder.rejected,
        "reasons": encoder.reasons,
    }
    with written_by_rename(job.summary_path) as file:
        file.write(json.dumps(summary, indent=1).encode())
    return summary


class _Encoder:
    """Encodes examples; keeps lengths of those taken and reasons for those left out."""

    def __init__(self, problem: Problem, tokenizers: dict[str, Tokenizer]) -> None:
        self.problem = problem
        self.lengths: list[list[int]] = []
        self.rejected: dict[str, int] = {}
        self.reasons: dict[str, list[str]] = {}
        signature = problem.signature(tokenizers)
        self._features = [
            (name, feature, problem.tokenizer(name, tokenizers), getattr(signature, name))
            for name, feature in problem.features.items()
        ]

    def records(self, job: ShardJob) -> Iterator[bytes]:
        for number, example in enumerate(self.problem.examples(job.split, job.raw_dir)):
            if number % job.shards == job.shard:
                self.problem.check_keys(example, job.split, number)
                arrays = self._encode(example, f"{job.split} example {number}")
                if arrays is not None:
                    yield example_proto.to_bytes(arrays)

    def _encode(self, example: dict[str, Any], where: str) -> dict[str, np.ndarray] | None:
        arrays: dict[str, np.ndarray] = {}
        lengths = []
        for name, feature, tokenizer, signature in self._features:
            try:
                arrays[name] = feature.encode(example[name], tokenizer)
            except BadValue as error:
                self._reject(f"bad {name}", f"{where}: {name}: {error}")
                return None
            length = feature.length(arrays[name])
            if length > signature.max_length:
                most = f"{length} is longer than {signature.max_length}"
                self._reject(f"{name} too long", f"{where}: {name}: {most}")
                return None
            lengths.append(length)
        self.lengths.append(lengths)
        return arrays

    def _reject(self, kind: str, reason: str) -> None:
        self.rejected[kind] = self.rejected.get(kind, 0) + 1
        reasons = self.reasons.setdefault(kind, [])
        if len(reasons) < MOST_REASONS:
            reasons.append(reason)
