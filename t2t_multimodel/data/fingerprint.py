"""Fingerprints: what a vocabulary or a set of records was made from."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LARGE_FILE_BYTES = 64 << 20
"""Files above this are known by size and time of change, others by their content."""


def fingerprint(facts: dict[str, Any]) -> str:
    """16 hex digits of the SHA-256 of JSON-able facts."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files_facts(paths: Iterable[Path]) -> dict[str, str]:
    """File -> SHA-256 of its content (large files: size and time of change).

    Names are relative to the folder that holds all files, wherever that lies.
    """
    facts: dict[str, str] = {}
    paths = [path.absolute() for path in paths]
    top = os.path.commonpath([path.parent for path in paths]) if paths else ""
    for path in paths:
        stat = path.stat()
        if stat.st_size > LARGE_FILE_BYTES:
            fact = f"{stat.st_size} bytes, changed {stat.st_mtime_ns}"
        else:
            fact = hashlib.sha256(path.read_bytes()).hexdigest()
        facts[path.relative_to(top).as_posix()] = fact
    return facts


def code_facts(cls: type, base: type) -> dict[str, str]:
    """Class name -> SHA-256 of the source of `cls` and its parents below `base`."""
    facts = {}
    for parent in cls.__mro__:
        if parent is not base and issubclass(parent, base):
            try:
                source = inspect.getsource(parent)
            except (OSError, TypeError):  # typed at a prompt: no source to hash
                source = "no source"
            facts[parent.__qualname__] = hashlib.sha256(source.encode()).hexdigest()[:16]
    return facts
