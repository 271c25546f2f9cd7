"""The hash of a user's code: it is agreed to as it is, with the files that it imports."""

from __future__ import annotations

import hashlib
from pathlib import Path

from t2t_multimodel.own_modules import with_helpers


def code_hash(folder: str) -> str:
    """SHA-256 of the names and contents of source files.

    Args:
        folder: all files below it count; of one file, it and the files beside it that it imports.
    """
    digest = hashlib.sha256()
    path = Path(folder)
    top = path.parent if path.is_file() else path
    for file in with_helpers(path) if path.is_file() else sorted(path.rglob("*.py")):
        name = file.relative_to(top).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        digest.update(f"{name}\0{content}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()
