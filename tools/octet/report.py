"""The table that ends a build: rows of each split and size of each file."""

from __future__ import annotations

import collections
from pathlib import Path

from tools.octet.store import read_table


def print_table(data: Path) -> None:
    """Prints file, size and, for tables, the number of rows of each split."""
    total = 0
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        size = path.stat().st_size
        total += size
        splits = ", ".join(f"{split} {n:,}" for split, n in counts(path).items())
        print(f"{path.relative_to(data)!s:32} {size:>12,}  {splits}")
    print(f"{'total':32} {total:>12,}")


def counts(path: Path) -> dict[str, int]:
    """Rows of each split of a `.tsv.xz` table in order of appearance; {} for other files."""
    if not path.name.endswith(".tsv.xz"):
        return {}
    return dict(collections.Counter(row["split"] for row in read_table(path)))
