"""Checks of what `examples` yields: values, lengths, order, leakage, and the files behind it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from t2t_multimodel.check.finding import Finding
from t2t_multimodel.check.look import Faults, SplitLook
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.data.reading import called
from t2t_multimodel.features import ClassLabel

MOST_LEFT_OUT = 0.01
"""Share of a split's examples that may be left out; of class labels none may."""
MOST_OFF = 0.2
"""Share by which a declared mean length may be wrong."""


def values(subject: Subject) -> Iterator[Finding | str]:
    """Every value is one that its feature takes, and none is empty."""
    for look in subject.sound_looks:
        for (kind, name), faults in look.faults.items():
            if kind == "left out":
                yield (
                    f"{look.split}: examples() says of {faults.count:,} {name} that they are bad: "
                    f"{faults.named[0]}."
                )
            elif kind in ("empty", "bad"):
                words = "are empty" if kind == "empty" else f"are no {_kind(subject, name)}"
                message = f"{_counted(look, faults)} {name} {words}: {'; '.join(faults.named)}."
                is_class = isinstance(subject.problem.features[name], ClassLabel)
                if faults.count > MOST_LEFT_OUT * look.read or is_class:
                    yield Finding(message, _fix_of_value(subject, name, kind))
                else:
                    yield f"{message} They are left out."


def _kind(subject: Subject, name: str) -> str:
    return type(subject.problem.features[name]).__name__


def _counted(look: SplitLook, faults: Faults) -> str:
    return f"{look.split}: {faults.count:,} of {look.read:,}"


def _fix_of_value(subject: Subject, name: str, kind: str) -> str:
    feature = subject.problem.features[name]
    if kind == "bad" and isinstance(feature, ClassLabel):
        names = " or one of its names" if feature.names else ""
        return (
            f"Yield a number from 0 to {feature.size - 1}{names}, "
            f"or declare more classes in `{name}`."
        )
    return 'Leave them out in examples(), or yield BadValue("why") in the place of the value.'


def lengths(subject: Subject) -> Iterator[Finding | str]:
    """Few examples are longer than the model takes, and means are as declared."""
    for look in subject.sound_looks:
        for (kind, name), faults in look.faults.items():
            if kind != "too long":
                continue
            longest = max(look.lengths[name])
            feature = subject.problem.features[name]
            unit = feature.unit or "values"
            measured = f"the longest has {longest:,} {unit}" if feature.measures_all else ""
            message = "; ".join(filter(None, [*faults.named, measured]))
            message = f"{_counted(look, faults)} {name} are too long: {message}."
            if faults.count > MOST_LEFT_OUT * look.read:
                yield Finding(
                    message,
                    f"Raise the largest length that `{name}` declares, or cut them in examples(); "
                    "they are left out.",
                )
            else:
                yield f"{message} They are left out."
    yield from _declared_means(subject)


def _declared_means(subject: Subject) -> Iterator[Finding]:
    declared, train = subject.problem.declared, subject.look("train")
    if declared is None:
        return
    for name in ("inputs", "targets"):
        wanted = getattr(declared, f"{name}_length")
        feature = subject.problem.features[name]
        if not wanted or feature.unit in (None, "pixels") or not train.lengths.get(name):
            continue
        mean = float(np.mean(train.lengths[name])) / feature.per_unit
        if abs(mean - wanted) > MOST_OFF * wanted:
            yield Finding(
                f"train: {name} have {mean:.1f} {feature.unit} in the mean, "
                f"but `declared` says {wanted:g}.",
                f"Correct {name}_length of `declared`: runs are planned with it.",
            )


def sizes(subject: Subject) -> Iterator[Finding | str]:
    """Stored values have the type, the shape and the range that the feature declares."""
    for look in subject.sound_looks:
        for (kind, name), faults in look.faults.items():
            if kind == "misfit":
                cls = _kind(subject, name)
                yield Finding(
                    f"{_counted(look, faults)} {name} are not as declared: "
                    f"{'; '.join(faults.named)}.",
                    f"Let encode() and model_input() of {cls} give what signature(), dtype and "
                    "stored_shape() say, or correct these.",
                )


def round_trip(subject: Subject) -> Iterator[Finding | str]:
    """Values come back from records, and from `encode` and `decode`."""
    fixes = {
        "record": "Correct stored_shape() of {}: it must tell how the flat values lie.",
        "changed": "Let decode() of {} undo what encode() does.",
    }
    for look in subject.sound_looks:
        for (kind, name), faults in look.faults.items():
            if kind in fixes:
                yield Finding(
                    f"{_counted(look, faults)} {name} do not come back: {'; '.join(faults.named)}.",
                    fixes[kind].format(_kind(subject, name)),
                )


def determinism(subject: Subject) -> Iterator[Finding | str]:
    """A second reading gives the same examples in the same order."""
    for look in subject.sound_looks:
        again = subject.looker.digests(look.split, subject.most)
        yield from _difference(
            look.split,
            "two readings",
            look.digests,
            again,
            "Draw with a generator of a fixed seed made in examples(), sort what a folder lists, "
            "and keep nothing between two calls.",
        )


def workers(subject: Subject) -> Iterator[Finding | str]:
    """Two processes of their own read, between them, the same examples as this one."""
    looks = subject.sound_looks
    for split, found in subject.digests_of_workers().items():
        (look,) = [one for one in looks if one.split == split]
        for worker, digests in enumerate(found):
            mine = [d for d, w in zip(look.digests, look.workers, strict=True) if w == worker]
            if not look.is_whole:
                both = min(len(mine), len(digests))
                mine, digests = mine[:both], digests[:both]
            wrong = list(
                _difference(
                    split,
                    "this process and another",
                    mine,
                    digests,
                    "Sort sets and what a folder lists: their order differs from process to "
                    "process. Keep nothing in the class that examples() changes.",
                )
            )
            yield from wrong
            if wrong:
                break


def _difference(
    split: str, who: str, one: Sequence[bytes], other: Sequence[bytes], fix: str
) -> Iterator[Finding]:
    if one == other:
        return
    if len(one) != len(other):
        yield Finding(f"{split}: {who} read {len(one):,} and {len(other):,} examples.", fix)
        return
    first = next(n for n, pair in enumerate(zip(one, other, strict=True), 1) if len({*pair}) > 1)
    what = "the same examples in another order" if sorted(one) == sorted(other) else "other values"
    yield Finding(f"{split}: {who} read {what}, from example {first:,} on.", fix)


def leakage(subject: Subject) -> Iterator[Finding | str]:
    """No example is in two splits."""
    looks = subject.sound_looks
    for one, other in itertools.combinations(looks, 2):
        shared = _shared(_taken(one, one.digests), _taken(other, other.digests))
        if shared:
            first, second = shared[0]
            yield Finding(
                f"{len(shared):,} of {other.read:,} examples of {other.split} are in {one.split} "
                f"too, such as example {second:,}, which is {first:,} of {one.split}.",
                "Split by what is in an example, such as a hash of it, after equal ones are put "
                "together.",
            )
        alike = len(_shared(_taken(one, one.inputs), _taken(other, other.inputs))) - len(shared)
        if alike:
            yield (
                f"{alike:,} of {other.read:,} inputs of {other.split} are in {one.split} too, "
                "with other targets."
            )
    for look in looks:
        twice = len(look.taken) - len(set(_taken(look, look.digests).values()))
        if twice:
            yield f"{look.split}: {twice:,} of {look.read:,} examples are there twice or more."
    if any(not look.is_whole for look in looks):
        yield f"The first {subject.most:,} examples of each split were compared."


def _taken(look: SplitLook, digests: Sequence[bytes]) -> dict[int, bytes]:
    """The hashes of the examples that are not left out, by their numbers from 1."""
    return {number + 1: digests[number] for number in look.taken}


def _shared(one: dict[int, bytes], other: Mapping[int, bytes]) -> list[tuple[int, int]]:
    """Numbers of an example of one split and of each equal one of the other."""
    place = {digest: number for number, digest in reversed(one.items())}
    return [(place[digest], number) for number, digest in other.items() if digest in place]


def sources(subject: Subject) -> Iterator[Finding | str]:
    """`source_files` names every file that reading opens."""
    problem, raw_dir = subject.problem, subject.raw_dir
    named = called(lambda: problem.source_files(raw_dir), f"Problem {subject.name!r}")
    known = {Path(path).resolve() for path in named}
    opened: dict[Path, None] = {}
    for look in subject.sound_looks:
        opened |= dict.fromkeys(look.opened.data(raw_dir))
    missed = [path for path in opened if path not in known and not {*path.parents} & known]
    if missed:
        more = f" and {len(missed) - 1:,} more" if len(missed) > 1 else ""
        yield Finding(
            f"examples() reads {missed[0]}{more}, which source_files does not name: records would "
            "not be made again when it changes.",
            "Return it from source_files(self, raw_dir), or let `reads` match it.",
        )
