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
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import BadValue, Tokenizer
from t2t_multimodel.problem import Problem

MOST_REASONS = 20
"""Rejected examples of a shard that the manifest names one by one; the rest is counted."""


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


def write_shard(job: ShardJob) -> dict[str, Any]:
    """Writes the records of a shard, their index, and last the summary that proves them whole.

    Every `shards`-th example belongs to the shard, so the result does not depend on which
    process writes it. A shard whose summary exists is left as it is.

    Returns:
        The summary: file, examples, bytes, sha256, rejected (reason -> count), reasons.
    """
    summary_path = job.path.with_name(f"{job.path.name}.json")
    if summary_path.is_file():
        return json.loads(summary_path.read_text())
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
    with written_by_rename(summary_path) as file:
        file.write(json.dumps(summary, indent=1).encode())
    return summary


class _Encoder:
    """Encodes examples; keeps lengths of those taken and reasons for those left out."""

    def __init__(self, problem: Problem, tokenizers: dict[str, Tokenizer]) -> None:
        self.problem = problem
        self.lengths: list[list[int]] = []
        self.rejected: dict[str, int] = {}
        self.reasons: list[str] = []
        signature = problem.signature(tokenizers)
        self._features = [
            (name, feature, problem.tokenizer(name, tokenizers), getattr(signature, name))
            for name, feature in problem.features.items()
        ]

    def records(self, job: ShardJob) -> Iterator[bytes]:
        for number, example in enumerate(self.problem.examples(job.split, job.raw_dir)):
            if number % job.shards == job.shard:
                self._check_keys(example, job.split, number)
                arrays = self._encode(example, f"{job.split} example {number}")
                if arrays is not None:
                    yield example_proto.to_bytes(arrays)

    def _check_keys(self, example: dict[str, Any], split: str, number: int) -> None:
        missing = [name for name, *_ in self._features if name not in example]
        if missing:
            raise UserError(
                f"Problem {self.problem.name!r}, {split} example {number}: "
                f"{' and '.join(missing)} missing; it has {', '.join(example) or 'nothing'}.",
                fix='examples() must yield {"inputs": ..., "targets": ...}.',
            )

    def _encode(self, example: dict[str, Any], where: str) -> dict[str, np.ndarray] | None:
        arrays: dict[str, np.ndarray] = {}
        lengths = []
        for name, feature, tokenizer, signature in self._features:
            try:
                arrays[name] = feature.encode(example[name], tokenizer)
            except BadValue as error:
                return self._reject(f"bad {name}", f"{where}: {name}: {error}")
            length = feature.length(arrays[name])
            if length > signature.max_length:
                most = f"{length} is longer than {signature.max_length}"
                return self._reject(f"{name} too long", f"{where}: {name}: {most}")
            lengths.append(length)
        self.lengths.append(lengths)
        return arrays

    def _reject(self, kind: str, reason: str) -> None:
        self.rejected[kind] = self.rejected.get(kind, 0) + 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(reason)
