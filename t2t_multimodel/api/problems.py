"""The known problems by name: `t2t_multimodel.problems["octet_image"]`."""

from __future__ import annotations

import html
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

from t2t_multimodel import registry
from t2t_multimodel.api.places import RawDirLike, raw_dirs
from t2t_multimodel.errors import unknown

if TYPE_CHECKING:
    from t2t_multimodel.api.examples import Examples
    from t2t_multimodel.problem import Problem


class KnownProblem:
    """A registered problem, and a look at its examples.

    Args:
        name: registered.

    Raises:
        UserError: nobody registered the name.
    """

    def __init__(self, name: str) -> None:
        registry.problems.check([name])
        self.name = name

    @property
    def summary(self) -> str:
        """The first line of its docstring; nothing is imported for it."""
        return registry.problems.summary(self.name)

    @property
    def problem(self) -> Problem:
        """The problem itself; the module that defines it is imported now."""
        problem: Problem = registry.problems.get(self.name)()
        return problem

    def head(self, n: int = 5, split: str = "train", raw_dir: RawDirLike = None) -> Examples:
        """The first examples of a split, read from the sources; no records are needed.

        Args:
            n: how many.
            split: one of the problem's.
            raw_dir: where the raw files are, for problems that do not ship theirs.

        Raises:
            UserError: there is no such split, or raw files are missing.
        """
        from t2t_multimodel.api.examples import first_examples  # late: names need no numpy
        from t2t_multimodel.data.raw_dirs import RawDirs
        from t2t_multimodel.data.reading import examples

        problem = self.problem
        problem.check_declared()
        if split not in problem.splits:
            raise unknown(f"split of {self.name}", split, problem.splits)
        folder = (raw_dirs(raw_dir) or RawDirs()).of(self.name)
        return first_examples(problem, examples(problem, None, split, folder), n, split)

    def __repr__(self) -> str:
        problem = self.problem
        sides = f"{problem.inputs.describe()} -> {problem.targets.describe()}"
        return f"<{self.name}: {sides}; splits {', '.join(problem.splits)}; {self.summary}>"

    def _repr_html_(self) -> str:
        problem = self.problem
        rows = {
            "inputs": repr(problem.inputs),
            "targets": repr(problem.targets),
            "splits": ", ".join(problem.splits),
            "metrics": ", ".join(problem.metrics),
            "defined in": registry.problems.where(self.name),
        }
        doc = html.escape(inspect.getdoc(problem) or "")
        cells = "".join(
            f"<tr><td>{key}</td><td>{html.escape(value)}</td></tr>" for key, value in rows.items()
        )
        return f"<b>{html.escape(self.name)}</b><p>{doc}</p><table>{cells}</table>"


def names() -> Iterator[str]:
    """All names in their order; nothing is imported for them."""
    return iter(registry.problems.names())


def table() -> str:
    """An HTML table of all names and summaries."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        f"<td>{html.escape(registry.problems.summary(name))}</td></tr>"
        for name in names()
    )
    return f"<table>{rows}</table>"
