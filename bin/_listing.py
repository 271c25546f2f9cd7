"""Lists of registered names for the terminal, written without importing what they name."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from t2t_multimodel import _scan
from t2t_multimodel.registry import hparams, problems

if TYPE_CHECKING:
    from t2t_multimodel.config.tree import Field
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
    """A line for each setting: its path, default, and what it means.

    Where one of several kinds is chosen, the fields of each kind follow, with the kind before what
    they mean.
    """
    from t2t_multimodel.config import Config
    from t2t_multimodel.config.tree import all_fields

    return _table(
        [
            (field.path, _default(field.section, field.name), _meaning(field))
            for field in all_fields(Config)
        ]
    )


def _default(section: type, name: str) -> str:
    default = {field.name: field.default for field in dataclasses.fields(section)}[name]
    if default is dataclasses.MISSING:
        return "-"
    return str(getattr(default, "kind", "") or repr(default))


def _meaning(field: Field) -> str:
    """The field's docstring; before it the kind that it belongs to, behind it those to choose."""
    from t2t_multimodel.config.base import kinds_of

    text = " ".join(_docs_of(field).split())
    owner = f"[{'='.join(field.chosen[-1])}] " if field.chosen else ""
    kinds = "; ".join(
        f"{kind}: {(inspect.getdoc(section) or '').splitlines()[0].rstrip('.')}"
        for kind, section in kinds_of(field.annotation).items()
    )
    return f"{owner}{text}" + (f" One of: {kinds}" if kinds else "")


LISTS = {"sets": hparams_list, "fields": fields_list}
"""`--list_hparams` shows one of these lists."""


def problem_page(name: str) -> str:
    """Shows what a problem declares and where; imports the module that defines it."""
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


def _docs_of(field: Field) -> str:
    owners = (_field_docs(section) for section in field.section.__mro__ if section is not object)
    return next(docs[field.name] for docs in owners if field.name in docs)


@functools.cache
def _field_docs(section: Any) -> dict[str, str]:
    """Each field of a dataclass with the string below it."""
    (node,) = ast.parse(inspect.getsource(section)).body
    assert isinstance(node, ast.ClassDef)
    docs = {}
    for field, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    docs[field.target.id] = text
                case _:
                    docs[field.target.id] = ""
    return docs


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "None."
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
