"""Rows of CSV, TSV and JSON files, one in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from t2t_multimodel.errors import BadValue, UserError, reason, unknown
from t2t_multimodel.problems.formats.archives import contents, opened
from t2t_multimodel.problems.formats.lines import lines
from t2t_multimodel.sources.naming import ending

ENDINGS = ("csv", "tsv", "jsonl", "ndjson", "json")
"""Endings of the files that are read as tables."""
Row = dict[str, Any] | BadValue


def read_rows(
    path: Path, wanted: Sequence[str], columns: Sequence[str] = ()
) -> Iterator[tuple[str, Row]]:
    """Yields the place (`train.csv:7`) and the row of each line behind the names of the columns.

    CSV follows RFC 4180, so that a quoted cell may go over several lines; in TSV quotes are
    characters like others. JSON is an object a line, or in a `.json` file a list of objects.

    Args:
        path: of the file, packed or not.
        wanted: columns that must be there.
        columns: their names where a CSV or TSV file does not begin with them.

    Raises:
        UserError: the file is damaged or lacks a column.
    """
    with opened(path) as file:
        if ending(path) in ("csv", "tsv"):
            yield from _separated(file, path, wanted, columns)
        elif ending(path) == "json":
            yield from _one_list(file, path)
        else:
            yield from _json_lines(file, path)


def _separated(
    file: IO[bytes], path: Path, wanted: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    if ending(path) == "tsv":
        reader = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(text)
    names = list(columns) or next(reader, [])
    for name in wanted:
        if name not in names:
            raise unknown(f"column of {path.name}", name, names)
    for row in reader:
        if row:
            place = f"{path.name}:{reader.line_num}"
            yield place, dict(zip(names, row, strict=False))
    text.detach()  # the opener reads what is left, and closes the file


def _json_lines(file: IO[bytes], path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(lines(file), start=1):
        if isinstance(line, BadValue) or line.strip():
            yield f"{path.name}:{number}", _row(line)


def _row(line: bytes | BadValue) -> Row:
    if isinstance(line, BadValue):
        return line
    try:
        return _object(json.loads(line))
    except (ValueError, RecursionError) as error:
        return BadValue(f"the line is no JSON: {reason(error)}")


def _one_list(file: IO[bytes], path: Path) -> Iterator[tuple[str, Row]]:
    found = json.loads(contents(file, path.name))
    if not isinstance(found, list):
        raise UserError(
            f"{path} holds no list of objects.", "Put one object on each line and call it .jsonl."
        )
    for number, row in enumerate(found, start=1):
        yield f"{path.name} item {number}", _object(row)


def _object(row: Any) -> Row:
    return row if isinstance(row, dict) else BadValue(f"the row is no object, but {row!r:.40}")
