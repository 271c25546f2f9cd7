"""Experiment: what is trained, what is compared, and which sentence each comparison decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from t2t_multimodel.errors import UserError, unknown

_NAME = re.compile(r"[a-z][a-z0-9_]*")
PROBLEM = "{problem}"
"""Stands in the name of an arm for the problem that is compared: `single_{problem}`."""

ScoreKind = Literal["log_ppl", "field"]
Part = Literal["affinity", "experts"]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One configuration; with a seed it is a run."""

    name: str
    """`name` begins the names of its run folders. Arms of one name are the same arm."""
    problems: tuple[str, ...]
    """Problems with their rates, such as ("octet_image:0.5", "octet_parse")."""
    hparams_set: str = "octet_quick"
    """A registered set; the scale of the command changes it, then `settings` do."""
    settings: str = ""
    """As --hparams has them: "model.moe=none,model.dropout=0.2"."""
    steps: int | None = None
    """Optimizer steps; None: those of the set at the scale."""
    seeds: tuple[int, ...] = ()
    """Seeds of its runs; (): 0, 1, ... as many as the command says."""
    note: str = ""
    """What the arm is for, shown on the page."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The classical baseline of each problem, which stands in the place of a second arm."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Compares two arms, or an arm with the bar, by the mean relative change over problems."""

    first: str
    """Name of an arm; `{problem}` in it stands for each of the problems."""
    second: str | Bar
    """Name of another one, or the bar."""
    problems: tuple[str, ...]
    """Problems of both, as they are registered."""
    decides: str
    """The sentence that it decides. Comparisons with the same sentence must all hold for it."""
    score: ScoreKind = "log_ppl"
    """Log-perplexity, or the first metric of each problem. With a bar: the metric that it has."""
    margin: float = 0.0
    """The change must surely be above it: -0.05 means "at most 5 % worse"."""

    def arms(self, problem: str) -> tuple[str, ...]:
        """Names of the arms whose scores on a problem are compared."""
        names = (self.first,) if isinstance(self.second, Bar) else (self.first, self.second)
        return tuple(name.replace(PROBLEM, problem) for name in names)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Arms and comparisons. Checks itself.

    Raises:
        UserError: a name is malformed or comes twice, or a comparison names an arm or a problem
            that is not there.
    """

    name: str
    """`name` is that of the page's files."""
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    title: str = ""
    """Heading of its part of the page; empty: its name."""
    notes: tuple[str, ...] = ()
    """Paragraphs below the tables."""
    shows: tuple[Part, ...] = ()
    """What its part of the page shows of its first arm's first run: "affinity" between problems,
    which needs train.affinity_steps, and "experts" by problem."""

    def __post_init__(self) -> None:
        for name in (self.name, *(arm.name for arm in self.arms)):
            if not _NAME.fullmatch(name):
                raise UserError(
                    f"{name!r} is no name of an experiment or of an arm.",
                    "Use lower-case letters, digits and underscores.",
                )
        names = [arm.name for arm in self.arms]
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"Experiment {self.name}: two arms are named {name}.")
        for comparison in self.comparisons:
            self._check(comparison)

    def _check(self, comparison: Comparison) -> None:
        if not comparison.problems:
            raise UserError(f"Experiment {self.name}: '{comparison.decides}' compares no problem.")
        for problem in comparison.problems:
            for name in comparison.arms(problem):
                trained = [entry.partition(":")[0] for entry in self.arm(name).problems]
                if problem not in trained:
                    raise unknown(f"problem of arm {name}", problem, trained)

    def arm(self, name: str) -> Arm:
        """The arm of a name. Raises `UserError` with the nearest names if there is none."""
        known = {arm.name: arm for arm in self.arms}
        if name not in known:
            raise unknown(f"arm of experiment {self.name}", name, list(known))
        return known[name]

    def sentences(self) -> Iterator[tuple[str, list[Comparison]]]:
        """Each sentence with the comparisons that decide it, in the order listed."""
        for sentence in dict.fromkeys(one.decides for one in self.comparisons):
            yield sentence, [one for one in self.comparisons if one.decides == sentence]
