"""ProblemTest: the contract of a problem under pytest, a test for each part."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

from t2t_multimodel import registry
from t2t_multimodel.check.contract import checked
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem


class ProblemTest:
    """Subclass it in a test file, and name the problem:

        class TestMyDigits(ProblemTest):
            problem = MyDigits
            raw_dir = Path("wavs")

    Each test is one check of `mm-problems check`; a test that fails says what to change.
    """

    problem: ClassVar[type[Problem] | str]
    """The class, or the name of a registered problem."""
    raw_dir: ClassVar[Path | None] = None
    """Folder of the raw files. None: the problem ships its own, or writes a tiny twin."""
    most: ClassVar[int] = 1_000
    """Examples of each split that are looked at."""
    _subject: ClassVar[Subject]

    def test_the_declaration_is_complete(self) -> None:
        """The class declares what it must, and what it names exists."""
        self.holds("declaration")

    def test_the_raw_files_are_there(self) -> None:
        """The files that `source_files` names are there."""
        self.holds("raw files")

    def test_examples_can_be_read(self) -> None:
        """`examples` yields inputs and targets to the end of every split."""
        self.holds("reading")

    def test_every_split_has_examples(self) -> None:
        """Every split has examples, as many as are declared."""
        self.holds("splits")

    def test_every_value_is_one_of_its_feature(self) -> None:
        """No value is empty, out of range or of another kind."""
        self.holds("values")

    def test_few_values_are_too_long(self) -> None:
        """Few values are longer than the model takes, and means are as declared."""
        self.holds("lengths")

    def test_stored_values_are_as_declared(self) -> None:
        """Stored values have the type, the shape and the range of the signature."""
        self.holds("sizes")

    def test_values_come_back(self) -> None:
        """Values come back from records, and from `encode` and `decode`."""
        self.holds("round trip")

    def test_a_second_reading_gives_the_same(self) -> None:
        """A second reading gives the same examples in the same order."""
        self.holds("determinism")

    def test_other_processes_read_the_same(self) -> None:
        """Two processes of their own read the same examples."""
        self.holds("workers")

    def test_no_example_is_in_two_splits(self) -> None:
        """No example is in two splits."""
        self.holds("leakage")

    def test_true_targets_reach_the_best_scores(self) -> None:
        """The true targets reach the best value of each metric."""
        self.holds("metrics")

    def test_source_files_names_what_is_read(self) -> None:
        """`source_files` names every file that reading opens."""
        self.holds("sources")

    @classmethod
    def holds(cls, check: str) -> None:
        """Does one check.

        Args:
            check: one of `t2t_multimodel.check.contract.CHECKS`.

        Raises:
            AssertionError: the problem breaks this part; the message says what to change.
            unittest.SkipTest: it could not be looked at, for the reason that is told.
        """
        found = checked(check, cls.subject())
        if found.findings:
            raise AssertionError(
                "\n".join(f"{one.message}\n-> {one.fix}" for one in found.findings)
            )
        if found.not_checked:
            raise unittest.SkipTest(found.not_checked)

    @classmethod
    def subject(cls) -> Subject:
        """The problem under examination; all tests of the class share what is read of it."""
        if "_subject" not in cls.__dict__:
            given = cls.problem
            known = registry.problems.get(given) if isinstance(given, str) else given
            problem: Problem = known()
            if not hasattr(problem, "name"):
                problem.name = type(problem).__name__.lower()  # type: ignore[misc]
            cls._subject = Subject(problem, cls.raw_dir or _twin(problem), most=cls.most)
        return cls._subject


def _twin(problem: Problem) -> Path | None:
    """A folder with the made raw files of a problem; None if it makes none."""
    if type(problem).tiny is Problem.tiny:
        return None
    folder = tempfile.mkdtemp(prefix="t2t_multimodel-twin-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        problem.tiny(Path(folder))
    except UserError:  # a class above says that it has none
        return None
    return Path(folder)
