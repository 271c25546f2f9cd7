"""One look at the examples of a split: each is read and encoded once, and little of it is kept."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.check import values
from t2t_multimodel.check.opened import Opened, recorded
from t2t_multimodel.data.reading import examples, pieces
from t2t_multimodel.errors import BadValue, UserError, foreign, printable
from t2t_multimodel.features import Feature, Signature, Tokenizer
from t2t_multimodel.problem import Problem

MOST_EXAMPLES = 5_000
"""Examples of each split that are looked at, if nothing else is asked for."""
MOST_TARGETS = 500
"""Targets of a split that are kept for the metrics."""
LEFT_OUT = ("no example", "missing", "left out", "empty", "bad", "too long")
"""Kinds of fault for which datagen writes no record."""
MOST_NAMED = 3
"""Examples that are named of each kind of fault; all are counted."""


@dataclass
class Faults:
    """Examples with one kind of fault."""

    count: int = 0
    named: list[str] = field(default_factory=list)
    """The first of them: number of the example and what is wrong."""

    def add(self, what: str) -> None:
        """Counts one and names it, as long as few are named."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(printable(what))


@dataclass
class SplitLook:
    """What was seen of one split."""

    split: str
    read: int = 0
    """Examples that were read."""
    taken: list[int] = field(default_factory=list)
    """Which of them were encoded and are short enough, by their numbers from 0."""
    is_whole: bool = True
    """Whether these are all."""
    digests: list[bytes] = field(default_factory=list)
    """A hash of each example read, as it is stored."""
    inputs: list[bytes] = field(default_factory=list)
    """A hash of the inputs of each."""
    workers: list[int] = field(default_factory=list)
    """Which of two workers would read each, 0 or 1."""
    lengths: dict[str, list[int]] = field(default_factory=dict)
    """Feature -> the length of each value that could be encoded, over-long ones included."""
    classes: Counter[int] = field(default_factory=Counter)
    """How often each class is the target."""
    faults: dict[tuple[str, str], Faults] = field(default_factory=dict)
    """(kind, feature) -> examples. The kinds are those of `LEFT_OUT`; "misfit" for what is not as
    declared; "record" and "changed" for what does not come back from records, or from `encode` and
    `decode`."""
    targets: list[np.ndarray] = field(default_factory=list)
    """The first stored targets."""
    opened: Opened = field(default_factory=Opened)
    error: UserError | None = None
    """What ended the reading."""

    def fault(self, kind: str, feature: str = "") -> Faults:
        """The examples with this fault, none by default."""
        return self.faults.get((kind, feature), Faults())


class Looker:
    """Looks at examples of one problem.

    Args:
        problem: whose.
        raw_dir: where its raw files are.
        tokenizers: its vocabularies by name.
    """

    def __init__(
        self, problem: Problem, raw_dir: Path | None, tokenizers: dict[str, Tokenizer]
    ) -> None:
        self.problem, self.raw_dir = problem, raw_dir
        signature = problem.signature(tokenizers)
        self._features: list[tuple[str, Feature, Tokenizer | None, Signature]] = [
            (name, feature, problem.tokenizer(name, tokenizers), getattr(signature, name))
            for name, feature in problem.features.items()
        ]

    def look(self, split: str, most: int) -> SplitLook:
        """Reads, encodes and judges the first `most` examples of a split."""
        seen = SplitLook(split)
        with recorded(seen.opened):
            try:
                for worker, example in itertools.islice(self.read(split), most + 1):
                    if seen.read == most:
                        seen.is_whole = False
                        break
                    self._take(seen, worker, example)
            except UserError as error:
                seen.error = error
        return seen

    def digests(self, split: str, most: int) -> list[bytes]:
        """The hashes of the first `most` examples, read once more."""
        read = itertools.islice(self.read(split), most)
        return [self.encoded(example).digest() for _, example in read]

    def digests_of_worker(self, split: str, worker: int, most: int) -> list[bytes]:
        """The hashes of the first `most` examples that one of two workers reads."""

        def each() -> Iterator[Any]:
            for piece in pieces(self.problem, split, worker, 2, self.raw_dir):
                read = examples(self.problem, piece.part, split, self.raw_dir)
                yield from itertools.islice(read, piece.first, None, piece.step)

        return [self.encoded(example).digest() for example in itertools.islice(each(), most)]

    def read(self, split: str) -> Iterator[tuple[int, Any]]:
        """Each example, behind the number of the worker, of two, that would read it."""
        parts = pieces(self.problem, split, 0, 1, self.raw_dir)
        for position, piece in enumerate(parts):
            read = examples(self.problem, piece.part, split, self.raw_dir)
            for number, example in enumerate(read):
                yield (position if len(parts) > 1 else number) % 2, example

    def _take(self, seen: SplitLook, worker: int, example: Any) -> None:
        seen.read += 1
        encoded = self.encoded(example)
        seen.digests.append(encoded.digest())
        seen.inputs.append(encoded.digest("inputs"))
        seen.workers.append(worker)
        for (kind, name), words in encoded.faults.items():
            told = f"example {seen.read:,}: {name + ': ' if name else ''}{words}"
            seen.faults.setdefault((kind, name), Faults()).add(told)
        for name, array in encoded.arrays.items():
            seen.lengths.setdefault(name, []).append(self.problem.features[name].length(array))
        if not encoded.is_taken:
            return
        seen.taken.append(seen.read - 1)
        target = encoded.arrays["targets"]
        if ("misfit", "targets") in encoded.faults:
            return
        if len(seen.targets) < MOST_TARGETS:
            seen.targets.append(target.reshape(self.problem.targets.stored_shape()))
        if self._features[-1][-1].output == "classes":
            seen.classes[int(target.reshape(()))] += 1

    def encoded(self, example: Any) -> Encoded:
        """One example as it would be stored, with what is wrong with it."""
        if not isinstance(example, Mapping):
            words = f"it is no dict, but {example!r:.60}"
            return Encoded({}, {("no example", ""): words})
        found = Encoded({}, {})
        for name, feature, tokenizer, signature in self._features:
            kind, words = "missing", f"it has {', '.join(map(str, example)) or 'nothing'}"
            if name in example:
                kind, words, array = _encoded(feature, example[name], tokenizer, signature)
                if array is not None:
                    found.arrays[name] = array
            if words:
                found.faults[kind, name] = words
        return found


@dataclass(frozen=True)
class Encoded:
    """One example as it would be stored."""

    arrays: dict[str, np.ndarray]
    """Those of its features that could be encoded."""
    faults: dict[tuple[str, str], str]
    """(kind, feature) -> what is wrong."""

    @property
    def is_taken(self) -> bool:
        """Whether datagen would write it."""
        faulty = any(kind in LEFT_OUT for kind, _ in self.faults)
        return not faulty and {"inputs", "targets"} <= self.arrays.keys()

    def digest(self, *names: str) -> bytes:
        """A hash of what is stored; of all features, if none are named."""
        digest = hashlib.blake2b(digest_size=16)
        for name in names or ("inputs", "targets"):
            array = self.arrays.get(name)
            if array is None:
                words = [words for (_, of), words in self.faults.items() if of in ("", name)]
                digest.update(repr(words).encode(errors="backslashreplace"))
            else:
                digest.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
        return digest.digest()


def _encoded(
    feature: Feature, value: Any, tokenizer: Tokenizer | None, signature: Signature
) -> tuple[str, str, np.ndarray | None]:
    """The kind of a value's fault, the fault in words, and the array; no words: it has none."""
    if isinstance(value, BadValue):
        return "left out", str(value), None
    try:
        with foreign(BadValue):
            array = feature.encode(value, tokenizer)
            feature.check_stored(array)
            length = feature.length(array)
    except BadValue as error:
        return "empty" if _is_empty(value) else "bad", str(error), None
    except UserError as error:  # of check_stored
        return "misfit", error.message.rstrip("."), None
    if length == 0:
        return "empty", "its length is 0", None
    if length > signature.max_length:
        found = f"{length:,}" if feature.measures_all else "it"
        return "too long", f"{found} is longer than {signature.max_length:,}", array
    try:
        with foreign(BadValue):
            for kind, words in (
                ("misfit", values.misfit(feature, array, signature)),
                ("record", values.changed_by_records(feature, "value", array)),
                ("changed", values.changed_by_coding(feature, value, array, tokenizer)),
            ):
                if words:
                    return kind, words, array
    except BadValue as error:
        return "changed", f"it can not be decoded: {error}", array
    return "", "", array


def _is_empty(value: Any) -> bool:
    if value is None or (isinstance(value, str) and not value.strip("\ufeff \t\r\n")):
        return True
    if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
        return value[0].size == 0  # (samples, rate)
    sized = isinstance(value, (bytes, list, tuple, np.ndarray))
    return sized and len(np.atleast_1d(value) if isinstance(value, np.ndarray) else value) == 0
