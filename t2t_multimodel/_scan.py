"""Reads `@register_...("name")` out of source files without importing them."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel.errors import UserError
from t2t_multimodel.side_files import read_json

# Only at the start of a line: what is indented is an example in a docstring or local to a function.
_DECORATOR = re.compile(
    r"""^@(?:[\w.]+\.)?register_(problem|hparams|modality|vocabulary|metric)"""
    r"""\(\s*(?:name\s*=\s*)?(["'])(.+?)\2""",
    re.MULTILINE,
)


DEFINITION = "problem.json"
"""`NAME/problem.json` defines the problem NAME without code, see `sources.definition`."""


@dataclass(frozen=True)
class Registration:
    """Tells where a name is registered."""

    kind: str
    """`kind` is problem, hparams, modality, vocabulary or metric."""
    name: str
    """The registered name."""
    path: str
    """The file, absolute and without links; an interpreter's `<stdin>` stays as it is."""
    line: int
    """The line of the decorator, from 1."""
    module: str
    """The module to import for it."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def registrations(path: Path, module: str) -> list[Registration]:
    """The registrations written in one source file, in order."""
    if path.name == DEFINITION:
        return [Registration("problem", path.parent.name, os.path.realpath(path), 1, module)]
    source = path.read_bytes()
    if b"@" not in source or b"register_" not in source:
        return []
    text = source.decode("utf-8", errors="replace")
    real = os.path.realpath(path)
    return [
        Registration(match[1], match[3], real, text.count("\n", 0, match.start()) + 1, module)
        for match in _DECORATOR.finditer(text)
    ]


def modules(folder: Path, package: str) -> Iterator[tuple[Path, str]]:
    """Each `.py` file under a folder with its module name, sorted, as if it were `package`.

    Hidden folders, caches and virtual environments are passed over.
    """
    for here, below, files in os.walk(folder):
        below[:] = sorted(
            name
            for name in below
            if name.isidentifier()
            and name != "__pycache__"
            and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
        )
        parts = Path(here).relative_to(folder).parts
        for file in sorted(files):
            stem, ending = os.path.splitext(file)
            if ending == ".py":
                own = () if stem == "__init__" else (stem,)
                yield Path(here, file), ".".join((package, *parts, *own))


def definition(registration: Registration) -> ast.ClassDef | ast.FunctionDef | None:
    """The syntax tree of the class or function registered at `place`, None if it has gone."""
    for node in _parse(registration.path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            if any(item.lineno == registration.line for item in node.decorator_list):
                return node
    return None


def summary(registration: Registration) -> str:
    """The first line of the docstring at `place`, empty when there is none."""
    if _is_definition(registration):
        found = _defined(registration)
        return " in ".join(filter(None, (found.get("kind", ""), found.get("folder", ""))))
    node = definition(registration)
    return first_line(ast.get_docstring(node) if node else None)


def first_line(docstring: str | None) -> str:
    """The first line of a docstring, empty when there is none."""
    return (docstring or "").strip().split("\n", 1)[0]


def class_values(registration: Registration) -> dict[str, str]:
    """Attribute to the name of the class called for it: `inputs = Text(...)` gives `"Text"`.

    Base classes are followed within the file; what is set elsewhere is simply absent.
    """
    if _is_definition(registration):
        defined = _defined(registration)
        return {side: defined[side] for side in ("inputs", "targets") if side in defined}
    tree = _parse(registration.path)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, str] = {}
    node = definition(registration)
    queue = [node] if isinstance(node, ast.ClassDef) else []
    for node in queue:
        for attribute, called in _called(node):
            found.setdefault(attribute, called)
        bases = [classes.get(base.id) for base in node.bases if isinstance(base, ast.Name)]
        queue += [base for base in bases if base is not None and base not in queue]
    return found


def _called(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item in node.body:
        if isinstance(item, ast.Assign) and len(item.targets) == 1:
            target: ast.expr = item.targets[0]
        elif isinstance(item, ast.AnnAssign):
            target = item.target
        else:
            continue
        value = item.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            yield target.id, ast.unparse(value.func).rsplit(".", 1)[-1]


def _is_definition(registration: Registration) -> bool:
    return os.path.basename(registration.path) == DEFINITION


def _defined(registration: Registration) -> dict[str, str]:
    """The texts of a `problem.json`; none of a damaged one, which is told when it is asked for."""
    try:
        found = read_json(Path(registration.path))
    except (UserError, OSError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _parse(path: str) -> ast.Module:
    with open(path, "rb") as file:
        return ast.parse(file.read(), filename=path)
