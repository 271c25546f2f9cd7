"""Checks of what comes before any value: the declaration, the files, the reading, the splits."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel import registry
from t2t_multimodel.check.finding import Finding, NotChecked
from t2t_multimodel.check.look import SplitLook
from t2t_multimodel.check.subject import NOT_GIVEN, Subject
from t2t_multimodel.data.reading import called
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem


def declaration(subject: Subject) -> Iterator[Finding | str]:
    """The class declares what it must, and what it names exists."""
    problem = subject.problem
    cls = type(problem).__name__
    problem.check_declared()
    for name, feature in problem.features.items():
        if name == "targets" and feature.output is None:
            yield Finding(
                f"{type(feature).__name__} can not be predicted, but is declared as targets.",
                "Targets are tokens, one class, or numbers of a fixed shape; see docs/own_data.md.",
            )
        for vocabulary in filter(None, [feature.vocabulary(subject.name)]):
            if vocabulary != subject.name:
                registry.vocabularies.check([vocabulary])
    if len(set(problem.splits)) < len(problem.splits):
        yield Finding(
            f"splits names one twice: {', '.join(problem.splits)}.",
            f"Name each once in `splits` of the class {cls}.",
        )
    elif len(problem.splits) < 2:
        yield Finding(
            "splits names only train, so that nothing is left to test with.",
            f"Hold examples out, and write `splits = ('train', 'test')` in the class {cls}.",
        )
    if not isinstance(problem.version, str):
        yield Finding(
            f"version is {problem.version!r}, which is no text.",
            f'Write `version = "{problem.version}"` in the class {cls}.',
        )
    if not isinstance(problem.train_shards, int) or problem.train_shards < 1:
        yield Finding(
            f"train_shards is {problem.train_shards!r}.", "Write 1 or a larger whole number."
        )
    if not inspect.getdoc(type(problem)) or type(problem).__doc__ is None:
        yield f"The class {cls} has no docstring; mm-problems list shows its first line."


def raw_files(subject: Subject) -> Iterator[Finding | str]:
    """The files that `source_files` names are there."""
    problem, raw_dir = subject.problem, subject.raw_dir
    _must_be_declared(problem)
    if why := subject.lacks_raw_files:
        how = inspect.cleandoc(problem.how_to_get) if problem.how_to_get else ""
        give = f"Give their folder: --raw_dir={problem.name}:FOLDER."
        yield Finding(f"Its raw files are not given: {why}", f"{how}\n{give}" if how else give)
        return
    try:
        files = called(lambda: problem.source_files(raw_dir), f"Problem {problem.name!r}")
    except UserError as error:
        yield Finding(error.message, error.fix)
        return
    missing = [path for path in files if not Path(path).exists()]
    if missing:
        yield Finding(
            f"source_files names {len(missing):,} that are not there, such as {missing[0]}.",
            "Put them there, or correct source_files() or `reads`.",
        )
    if raw_dir is not None and not files:
        yield f"source_files names no file below {raw_dir}."


def reading(subject: Subject) -> Iterator[Finding | str]:
    """`examples` yields {"inputs": ..., "targets": ...} to the end of every split."""
    _must_be_declared(subject.problem)
    if subject.lacks_raw_files:
        raise NotChecked(NOT_GIVEN)
    try:
        subject.tokenizers  # noqa: B018, which reads the train split
    except UserError as error:
        yield Finding(error.message, error.fix)
        return
    for look in subject.looks:
        if look.error is not None:
            yield Finding(look.error.message, look.error.fix)
        for kind in ("no example", "missing"):
            for (of, feature), faults in look.faults.items():
                if of == kind:
                    what = f"lack {feature}" if feature else "are no dict"
                    yield Finding(
                        f"{look.split}: {faults.count:,} of {look.read:,} examples {what}: "
                        f"{'; '.join(faults.named)}.",
                        'Yield {"inputs": ..., "targets": ...} for each.',
                    )


def splits(subject: Subject) -> Iterator[Finding | str]:
    """Every split has examples, as many as are declared."""
    declared = subject.problem.declared
    for look in subject.sound_looks:
        if not look.read:
            yield Finding(
                f"{look.split} is empty: examples({look.split!r}, raw_dir) yields nothing.",
                f"Yield examples for {look.split!r}, or take it out of `splits`.",
            )
        elif not look.taken:
            every = (
                "its one example is" if look.read == 1 else f"all its {look.read:,} examples are"
            )
            yield Finding(
                f"{look.split} is empty: {every} left out, {_first_fault(look)}.",
                "Mend what the check of values and lengths tells.",
            )
        if declared is not None and look.read and (told := _wrong_count(look, declared.examples)):
            yield told


def _wrong_count(look: SplitLook, declared: dict[str, int]) -> Finding | None:
    count = declared[look.split]
    if look.read == count or (not look.is_whole and look.read < count):
        return None
    real = f"{look.read:,}" if look.is_whole else f"more than {look.read:,}"
    return Finding(
        f"{look.split} has {real} examples, but `declared` says {count:,}.",
        "Correct `declared`, or find what is missing from the raw files.",
    )


def _first_fault(look: SplitLook) -> str:
    return next((faults.named[0] for faults in look.faults.values()), "for no reason")


def _must_be_declared(problem: Problem) -> None:
    try:
        problem.check_declared()
    except UserError:
        raise NotChecked("the class is not declared as it must be") from None
