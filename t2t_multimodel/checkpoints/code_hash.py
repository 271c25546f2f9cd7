"""The hash of a user's code: it is agreed to as it is, with the files that it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path


def code_hash(folder: str) -> str:
    """SHA-256 of the names and contents of source files.

    Args:
        folder: all files below it count; of one file, it and the files beside it that it imports.
    """
    digest = hashlib.sha256()
    path = Path(folder)
    top = path.parent if path.is_file() else path
    for file in _with_helpers(path) if path.is_file() else sorted(path.rglob("*.py")):
        name = file.relative_to(top).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        digest.update(f"{name}\0{content}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _with_helpers(file: Path) -> list[Path]:
    """A file, then the modules and packages beside it that it, or one of them, imports."""
    found, waiting = {file}, [file]
    while waiting:
        for name in _imported(waiting.pop()):
            package = file.parent / name
            beside = {file.parent / f"{name}.py", *package.rglob("*.py")}
            new = {one for one in beside if one.is_file()} - found
            found |= new
            waiting += new
    return [file, *sorted(found - {file})]


def _imported(file: Path) -> Iterator[str]:
    """The top-level names of the modules that a file imports; none of one that is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
