"""Fingerprints: what a vocabulary or a set of records was made from."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from t2t_multimodel.raw_files import is_data, lies_in_own

LARGE_FILE_BYTES = 64 << 20
"""Files above this are known by size and time of change, others by their content."""
MANY_FILES = 10_000
"""More files than this are known folder by folder."""


def fingerprint(facts: dict[str, Any]) -> str:
    """16 hex digits of the SHA-256 of JSON-able facts."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files_facts(paths: Iterable[Path]) -> dict[str, str]:
    """File -> SHA-256 of its content (large files: size and time of change).

    A folder stands for the names of what lies in it: for data sets of a million files, of which
    each is never changed once it is there.

    Names are relative to the folder that holds all files, wherever that lies. More than
    `MANY_FILES` are known folder by folder, by the sizes and times of change of the files in each.
    Hidden files and what this package wrote are no data (`raw_files`).
    """
    paths = [path.absolute() for path in paths if is_data(path.name)]
    top = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    paths = [path for path in paths if not lies_in_own(path, top)]
    if len(paths) > MANY_FILES:
        return _folders_facts(paths, top)
    facts: dict[str, str] = {}
    for path in paths:
        stat = path.stat()
        if path.is_dir():
            names = sorted(filter(is_data, os.listdir(path)))
            digest = hashlib.sha256("\0".join(names).encode(errors="surrogateescape"))
            fact = f"{len(names)} names, {digest.hexdigest()}"
        elif stat.st_size > LARGE_FILE_BYTES:
            fact = f"{stat.st_size} bytes, changed {stat.st_mtime_ns}"
        else:
            fact = sha256(path)
        facts[path.relative_to(top).as_posix()] = fact
    return facts


def _folders_facts(paths: list[Path], top: Path) -> dict[str, str]:
    digests: dict[Path, Any] = {}
    counts: Counter[Path] = Counter()
    for path in paths:
        stat = path.stat()
        digest = digests.setdefault(path.parent, hashlib.sha256())
        digest.update(f"{path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
        counts[path.parent] += 1
    return {
        f"{folder.relative_to(top).as_posix()}/": f"{counts[folder]} files, {digest.hexdigest()}"
        for folder, digest in digests.items()
    }


def sha256(path: Path) -> str:
    """Computes the SHA-256 of the content of a file, in hex digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
