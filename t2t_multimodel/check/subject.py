"""A problem under examination: what its checks ask for is read when it is first needed."""

from __future__ import annotations

import functools
import inspect
import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from t2t_multimodel import _scan, registry, storage, usr_dir
from t2t_multimodel.check.finding import NotChecked
from t2t_multimodel.check.look import MOST_EXAMPLES, Looker, SplitLook
from t2t_multimodel.data import vocab
from t2t_multimodel.data.reading import called, examples, needs_raw_dir
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem

NOT_GIVEN = "its raw files are not given"


class Subject:
    """One problem with its raw files, which is looked at as far as a check needs it.

    Args:
        problem: the problem itself; it need not be registered.
        raw_dir: where its raw files are; None for a problem that ships its own.
        data_dir: vocabularies that lie there are used, and new ones are kept there if it exists.
        most: examples of each split that are looked at.
    """

    def __init__(
        self,
        problem: Problem,
        raw_dir: Path | None = None,
        data_dir: Path | None = None,
        most: int = MOST_EXAMPLES,
    ) -> None:
        self.problem, self.raw_dir, self.most = problem, raw_dir, most
        self.name: str = getattr(problem, "name", type(problem).__name__)
        self._data_dir = data_dir
        self._looks: dict[str, SplitLook] = {}

    @functools.cached_property
    def tokenizers(self) -> dict[str, SubwordTokenizer]:
        """Its vocabularies by name, trained now where none is there.

        Raises:
            UserError: a vocabulary has no text, or its texts can not be read.
        """
        return dict(self._vocabularies())

    def _vocabularies(self) -> list[tuple[str, SubwordTokenizer]]:
        if self._data_dir:
            storage.fetch(self._data_dir / "vocab")
        kept = self._data_dir if self._data_dir and self._data_dir.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="t2t_multimodel-check-") as folder:
            return [
                (name, vocab.load_or_train(
                    vocab.declared(name, self.problem), kept or Path(folder), self.raw_dir, None
                ))
                for name in self.problem.vocabularies()
            ]  # fmt: skip

    @functools.cached_property
    def lacks_raw_files(self) -> str:
        """Says how the lack of a folder of raw files shows; "" if none is needed or it is there."""
        if self.raw_dir is not None:
            return ""
        try:
            self.problem.check_declared()
        except UserError:  # the check of the declaration tells it
            return ""
        try:
            files = called(lambda: self.problem.source_files(None), f"Problem {self.name!r}")
            lacking = [path for path in files if not Path(path).exists()]
            if lacking:
                return f"there is no {lacking[0]}."
            parts = called(lambda: self.problem.source_parts("train", None), "")
            first = None if parts is None else next(iter(parts), None)
            next(examples(self.problem, first, "train", None), None)
        except UserError as error:
            cause = error.__cause__
            if isinstance(cause, Exception) and needs_raw_dir(cause):
                return "examples() uses raw_dir, which is None."
            told_by_the_problem = cause is None or isinstance(cause, UserError)
            return error.message if told_by_the_problem else ""  # else the check of reading tells
        return ""

    @functools.cached_property
    def looker(self) -> Looker:
        """Reads and encodes its examples."""
        return Looker(self.problem, self.raw_dir, dict(self.tokenizers))

    def look(self, split: str) -> SplitLook:
        """What was seen of a split.

        Raises:
            NotChecked: the class is not declared, or a vocabulary can not be had.
        """
        if split not in self._looks:
            try:
                self.problem.check_declared()
            except UserError:
                raise NotChecked("the class is not declared as it must be") from None
            if self.lacks_raw_files:
                raise NotChecked(NOT_GIVEN)
            try:
                looker = self.looker
            except UserError:
                raise NotChecked("the check of reading fails") from None
            self._looks[split] = looker.look(split, self.most)
        return self._looks[split]

    @property
    def looks(self) -> list[SplitLook]:
        """What was seen of each split. Raises NotChecked as `look` does."""
        return [self.look(split) for split in self.problem.splits]

    @property
    def sound_looks(self) -> list[SplitLook]:
        """What was seen of each split.

        Raises:
            NotChecked: one of them can not be read to its end, or as `look`.
        """
        for look in self.looks:
            if look.error is not None:
                raise NotChecked("the examples can not be read")
        return self.looks

    def digests_of_workers(self) -> dict[str, list[list[bytes]]]:
        """Split -> the hashes that each of two processes of their own makes of its examples.

        Raises:
            NotChecked: a process could not import the class.
            UserError: one of the processes could not read them.
        """
        models = {name: tokenizer.model for name, tokenizer in self.tokenizers.items()}
        places = self._code_places()
        jobs = [
            (self.name, places, self.raw_dir, models, split, worker, self.most)
            for split in self.problem.splits
            for worker in range(2)
        ]
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        try:
            with ProcessPoolExecutor(2, context) as pool:
                found = list(pool.map(_digests, jobs))
        except BrokenProcessPool:
            raise NotChecked("a process died, perhaps for lack of memory") from None
        return {
            split: found[2 * number : 2 * number + 2]
            for number, split in enumerate(self.problem.splits)
        }

    def _code_places(self) -> Sequence[str]:
        """What a process must add to know the problem by its name."""
        module = type(self.problem).__module__
        known = self.name in registry.problems and type(self.problem) is registry.problems.get(
            self.name
        )
        if known and module.partition(".")[0] != "__main__":
            if module.startswith(("t2t_multimodel.", "mm_usr_")):
                return usr_dir.added()
        try:
            path = Path(inspect.getfile(type(self.problem))).resolve()
        except (TypeError, OSError):
            path = Path()
        is_there = path.is_file() and self.name in {
            one.name for one in _scan.registrations(path, "any") if one.kind == "problem"
        }
        if not is_there:
            raise NotChecked("another process could not import the class by its name")
        return (*usr_dir.added(), str(path))


def _digests(job: tuple[Any, ...]) -> list[bytes]:
    """The work of one process."""
    name, places, raw_dir, models, split, worker, most = job
    for place in places:
        if place not in usr_dir.added():
            usr_dir.add_one(Path(place))
    problem: Problem = registry.problems.get(name)()
    tokenizers = {one: SubwordTokenizer(one, model) for one, model in models.items()}
    return Looker(problem, raw_dir, dict(tokenizers)).digests_of_worker(split, worker, most)
