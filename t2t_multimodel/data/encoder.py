"""Examples of one shard, read and encoded; what can not be is left out, counted and named."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.data import example_proto
from t2t_multimodel.data.reading import examples, pieces, place
from t2t_multimodel.errors import foreign, printable
from t2t_multimodel.features import BadValue, Tokenizer
from t2t_multimodel.problem import Problem

MOST_REASONS = 5
"""Rejected examples of a shard and a kind that are named one by one; the rest is counted."""


class ExampleEncoder:
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
        problem = self.problem
        for piece in pieces(problem, split, shard, shards, raw_dir):
            for number, example in enumerate(examples(problem, piece.part, split, raw_dir)):
                if number % piece.step != piece.first:
                    continue
                if number == 0:  # all will lack it: a mistake in `examples`, not bad data
                    problem.check_keys(example, split, number)
                where = f"{place(piece.part, split, raw_dir)} example {number}"
                if not isinstance(example, Mapping):
                    self._reject("no example", f"{where}: it is no dict, but {example!r:.40}")
                    continue
                if origin := _origin(example, raw_dir):
                    where += f" ({origin})"
                arrays = self._encode(example, where)
                if arrays is not None:
                    yield example_proto.to_bytes(arrays)

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
                with foreign(BadValue):
                    arrays[name] = feature.encode(example[name], tokenizer)
                    feature.check_stored(arrays[name])
                    length = feature.length(arrays[name])
            except BadValue as error:
                self._reject(f"bad {name}", f"{where}: {name}: {error}")
                return None
            if length > signature.max_length:
                found = length if feature.measures_all else "it"
                most = f"{found} is longer than {signature.max_length}"
                self._reject(f"{name} too long", f"{where}: {name}: {most}")
                return None
            lengths.append(length)
        self._lengths.extend(lengths)
        return arrays

    def _reject(self, kind: str, reason: str) -> None:
        self.rejected[kind] = self.rejected.get(kind, 0) + 1
        reasons = self.reasons.setdefault(kind, [])
        if len(reasons) < MOST_REASONS:
            reasons.append(printable(reason))


def _origin(example: Mapping[str, Any], raw_dir: Path | None) -> str:
    """Where an example comes from: as it says itself, or its file relative to `raw_dir`."""
    if "origin" in example:
        return str(example["origin"])
    path = next((value for value in example.values() if isinstance(value, Path)), None)
    if path is None:
        return ""
    inside = raw_dir is not None and path.is_relative_to(raw_dir)
    return str(path.relative_to(raw_dir) if inside and raw_dir else path)
