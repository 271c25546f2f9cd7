"""Lists of registered names for the terminal, written without importing what they name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from t2t_multimodel import _scan
from t2t_multimodel.registry import hparams, problems

if TYPE_CHECKING:
    from t2t_multimodel.problem import Declared


def problem_list() -> str:
    """A line for each problem: name, what goes in and comes out, first line of its docstring."""
    rows = []
    for name in problems.names():
        kinds = _scan.class_values(problems.registration(name))
        sides = [kinds[side] for side in ("inputs", "targets") if side in kinds]
        rows.append((name, " -> ".join(sides) if len(sides) == 2 else "", problems.summary(name)))
    return _table(rows)


def hparams_list() -> str:
    """A line for each hparams set: name and first line of its docstring."""
    return _table([(name, hparams.summary(name)) for name in hparams.names()])


def fields_list() -> str:
    """A line for each setting: its path, default, and what it means."""
    from t2t_multimodel.overrides import SECTIONS

    return _table(
        [
            (f"{section}.{name}", repr(getattr(kind(), name)), " ".join(text.split()))
            for section, kind in SECTIONS.items()
            for name, text in _field_docs(kind)
        ]
    )


LISTS = {"sets": hparams_list, "fields": fields_list}
"""What `--list_hparams` shows."""


def problem_page(name: str) -> str:
    """What a problem declares and where; imports the module that defines it."""
    problem = problems.get(name)
    rows = [
        ("defined in", problems.where(name)),
        ("inputs", repr(problem.inputs)),
        ("targets", repr(problem.targets)),
        ("splits", ", ".join(problem.splits)),
        ("metrics", ", ".join(problem.metrics) or "none of its own"),
        ("version", problem.version),
        *_declared_rows(problem.declared),
    ]
    page = f"{name}: {inspect.getdoc(problem)}\n\n{_table(rows)}"
    return f"{page}\n\n{inspect.cleandoc(problem.how_to_get)}" if problem.how_to_get else page


def _declared_rows(declared: Declared | None) -> Iterator[tuple[str, str]]:
    """The published sizes of a data set, where they are declared."""
    if declared is not None:
        counts = ", ".join(f"{split} {count:,}" for split, count in declared.examples.items())
        yield "examples", counts
        sides = {"inputs": declared.inputs_length, "targets": declared.targets_length}
        lengths = ", ".join(f"{side} {length:g}" for side, length in sides.items() if length)
        yield "mean length", lengths


def _field_docs(section: type) -> Iterator[tuple[str, str]]:
    """Each field of a dataclass with the string below it."""
    (node,) = ast.parse(inspect.getsource(section)).body
    assert isinstance(node, ast.ClassDef)
    for field, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield field.target.id, text
                case _:
                    yield field.target.id, ""


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "None."
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
