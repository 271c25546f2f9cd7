"""Examples of one shard, read and encoded; what can not be is left out, counted and named."""

from __future__ import annotations

import tarfile
import traceback
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from t2t_multimodel.data import example_proto
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import BadValue, Tokenizer
from t2t_multimodel.problem import Problem

MOST_REASONS = 5
"""Rejected examples of a shard and a kind that are named one by one; the rest is counted."""
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Unreadable(UserError):
    """Raw files that could not be read to their end: their shard is not written."""


class Piece(NamedTuple):
    """What a shard reads: every `step`-th example of a part, from number `first` on."""

    part: Any
    """One of `Problem.source_parts`; None: all examples."""
    first: int
    step: int


def pieces(parts: list[Any] | None, shard: int, shards: int) -> list[Piece]:
    """What one shard of `shards` reads, so that together they read every example once.

    Each reads whole parts where there are enough of them; else several share a part.
    """
    if parts is None:
        return [Piece(None, shard, shards)]
    if len(parts) >= shards:
        return [Piece(part, 0, 1) for part in parts[shard::shards]]
    if not parts:
        return []
    number = shard % len(parts)
    sharing = range(number, shards, len(parts))
    return [Piece(parts[number], sharing.index(shard), len(sharing))]


class Encoder:
    """Encodes examples; keeps lengths of those taken and reasons for those left out."""

    def __init__(self, problem: Problem, tokenizers: dict[str, Tokenizer]) -> None:
        """
        Args:
            problem: whose examples these are.
            tokenizers: its vocabularies by name.
        """
        self.problem = problem
        self.rejected: dict[str, int] = {}
        self.reasons: dict[str, list[str]] = {}
        self._lengths = array("i")
        signature = problem.signature(tokenizers)
        self._features = [
            (name, feature, problem.tokenizer(name, tokenizers), getattr(signature, name))
            for name, feature in problem.features.items()
        ]

    @property
    def lengths(self) -> np.ndarray:
        """int32 [examples, features] of the examples taken."""
        return np.asarray(self._lengths, np.int32).reshape(-1, len(self._features))

    def records(self, split: str, shard: int, shards: int, raw_dir: Path | None) -> Iterator[bytes]:
        """The encoded examples of a shard.

        Raises:
            UserError: the first example lacks a feature.
            Unreadable: a raw file could not be read.
        """
        parts = self.problem.source_parts(split, raw_dir)
        for piece in pieces(None if parts is None else list(parts), shard, shards):
            for number, example in enumerate(self._read(piece, split, raw_dir)):
                if number % piece.step != piece.first:
                    continue
                if number == 0:  # all will lack it: a mistake in `examples`, not bad data
                    self.problem.check_keys(example, split, number)
                where = f"{_place(piece.part, split, raw_dir)} example {number}"
                if "origin" in example:
                    where += f" ({example['origin']})"
                arrays = self._encode(example, where)
                if arrays is not None:
                    yield example_proto.to_bytes(arrays)

    def _read(self, piece: Piece, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        count = 0
        try:
            if piece.part is None:
                examples = self.problem.examples(split, raw_dir)
            else:
                examples = self.problem.examples_of(piece.part, split, raw_dir)
            for example in examples:
                yield example
                count += 1
        except _DAMAGE as error:
            raise self._unreadable(_place(piece.part, split, raw_dir), count, error) from error

    def _unreadable(self, place: str, count: int, error: Exception) -> Unreadable:
        at = traceback.extract_tb(error.__traceback__)[-1]
        after = f"after {count:,} examples" if count else "before its first example"
        return Unreadable(
            f"Problem {self.problem.name!r}, {place}: unreadable {after}: "
            f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno}).",
            fix="Fetch the raw file again, then run the same command: what was made is kept.",
        )

    def _encode(self, example: dict[str, Any], where: str) -> dict[str, np.ndarray] | None:
        arrays: dict[str, np.ndarray] = {}
        lengths = []
        for name, feature, tokenizer, signature in self._features:
            if name not in example:
                has = ", ".join(map(str, example)) or "nothing"
                self._reject(f"{name} missing", f"{where}: {name} missing; it has {has}")
                return None
            try:
                if isinstance(example[name], BadValue):
                    raise example[name]
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
        self._lengths.extend(lengths)
        return arrays

    def _reject(self, kind: str, reason: str) -> None:
        self.rejected[kind] = self.rejected.get(kind, 0) + 1
        reasons = self.reasons.setdefault(kind, [])
        if len(reasons) < MOST_REASONS:
            reasons.append(reason)


def _place(part: Any, split: str, raw_dir: Path | None) -> str:
    """A part as messages name it: files relative to `raw_dir`."""
    if part is None:
        return split
    if isinstance(part, Path) and raw_dir is not None and part.is_relative_to(raw_dir):
        part = part.relative_to(raw_dir)
    return f"{split} {part}"
