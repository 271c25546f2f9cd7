"""Shards read through to the last byte."""

from __future__ import annotations

from t2t_multimodel import registry, storage
from t2t_multimodel.data import example_proto
from t2t_multimodel.data.dataset import read_index
from t2t_multimodel.data.fingerprint import sha256
from t2t_multimodel.data.records import walk
from t2t_multimodel.data.shards import ShardJob, Summary, seen_fault
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem


def read_fault(job: ShardJob, summary: Summary) -> str:
    """Tells what is wrong with a shard and names the damaged record; "" if nothing is.

    The file must have its SHA-256, every record its checksum, and the index must say of each
    record what it says itself: where it begins and how long its features are.
    """
    if fault := seen_fault(job, summary):
        return fault
    storage.need(job.path)
    problem: Problem = registry.problems.get(job.problem)()
    offsets, lengths = [0], []
    for number, (offset, record, fault) in enumerate(walk(job.path)):
        if record is None:
            return f"is damaged: record {number} at byte {offset}: {fault}"
        offsets.append(offset + len(record) + _FRAME_BYTES)
        lengths.append(_lengths(problem, record))
    if sha256(job.path) != summary["sha256"] or len(lengths) != summary["examples"]:
        return "is not the file that its summary tells of"
    return _index_fault(job, offsets, lengths)


_FRAME_BYTES = 16
"""Length and two checksums around a record."""


def _lengths(problem: Problem, record: bytes) -> list[int]:
    dtypes = {name: feature.dtype for name, feature in problem.features.items()}
    arrays = example_proto.from_bytes(record, dtypes)
    return [
        feature.length(arrays[name].reshape(feature.stored_shape()))
        for name, feature in problem.features.items()
    ]


def _index_fault(job: ShardJob, offsets: list[int], lengths: list[list[int]]) -> str:
    try:
        told_offsets, told_lengths = read_index(job.index_path)
    except UserError:
        return "has a damaged index"
    if told_offsets.tolist() != offsets:
        return "has an index of other records"
    for number, (told, found) in enumerate(zip(told_lengths.tolist(), lengths, strict=True)):
        if told != found:
            return f"has a wrong index: record {number} is {found} long, not {told}"
    return ""
