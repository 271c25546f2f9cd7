"""The table that ends a build: size of each file and rows of each split."""

from __future__ import annotations

import collections
from pathlib import Path

from tools.octet.store import read_table


def print_table(data: Path) -> None:
    """Prints file, size in bytes and, for tables, the number of rows of each split."""
    sizes = {path: path.stat().st_size for path in sorted(data.rglob("*")) if path.is_file()}
    for path, size in sizes.items():
        splits = ", ".join(f"{split} {n:,}" for split, n in counts(path).items())
        print(f"{path.relative_to(data)!s:46}{size:>12,}  {splits}".rstrip())
    print(f"{'total':46}{sum(sizes.values()):>12,}")


def counts(path: Path) -> dict[str, int]:
    """Rows of each split of a `.tsv.xz` table in order of appearance; {} for other files."""
    if not path.name.endswith(".tsv.xz"):
        return {}
    return dict(collections.Counter(row["split"] for row in read_table(path)))
