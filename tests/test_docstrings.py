"""Every public method has a docstring, its own or that of the method that it overrides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "t2t_multimodel"


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """File and definition of each class at the top of a module."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield str(file.relative_to(PACKAGE)), node


FOUND = list(classes())
BY_NAME = {node.name: node for _, node in FOUND}


def bases(node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    """The class and what it inherits from, as far as the package defines it."""
    yield node
    for base in node.bases:
        name = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(name, ast.Name) and name.id in BY_NAME:
            yield from bases(BY_NAME[name.id])


def documents(node: ast.ClassDef, method: str) -> bool:
    """Whether the class itself says what the method does."""
    return any(
        isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        and one.name == method
        and ast.get_docstring(one)
        for one in node.body
    )


def test_every_public_method_has_a_docstring_or_inherits_one() -> None:
    bare = [
        f"{file}: {node.name}.{method.name}"
        for file, node in FOUND
        for method in node.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not method.name.startswith("_")
        and not any(documents(one, method.name) for one in bases(node))
    ]
    assert bare == []
