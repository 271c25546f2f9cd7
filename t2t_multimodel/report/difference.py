"""Finds what differs between two runs: settings with their origins, data, code, scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from t2t_multimodel.report.record import RunRecord, as_text, read_record
from t2t_multimodel.terminal import at_slashes, make_console

_NAMES = "what differs"
"""The column that stays whole in 80 columns."""


class RunDifference(NamedTuple):
    """One thing that two runs do not share, as text; "-" where a run has no such thing."""

    kind: str
    """setting, data, made with, or score."""
    name: str
    first: str
    second: str


def differences(first: RunRecord, second: RunRecord) -> list[RunDifference]:
    """Everything recorded that is not equal, in the order of the records."""
    compared: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "setting": (_with_origins(first), _with_origins(second)),
        "data": (first.data, second.data),
        "made with": (first.made_with, second.made_with),
        "score": (first.scores, second.scores),
    }
    found = []
    for kind, (a, b) in compared.items():
        for name in dict.fromkeys([*a, *b]):
            one, other = a.get(name), b.get(name)
            if _bare(one) != _bare(other):
                found.append(RunDifference(kind, name, _text(one), _text(other)))
    return found


def print_differences(first: Path, second: Path) -> None:
    """Prints a table of what differs between two run folders."""
    from rich.table import Table

    found = differences(read_record(first), read_record(second))
    console = make_console()
    if not found:
        console.print(f"{first} and {second}: the same settings, data, code and scores.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("", _NAMES, str(first), str(second)):
        table.add_column(column, overflow="fold", no_wrap=column == _NAMES)
    for number, row in enumerate(found):
        new_kind = number == 0 or found[number - 1].kind != row.kind
        name = at_slashes(row.name) if row.kind == "score" else row.name
        table.add_row(row.kind if new_kind else "", name, row.first, row.second)
    console.print(table)


class _Setting(NamedTuple):
    value: Any
    origin: str


def _with_origins(record: RunRecord) -> dict[str, Any]:
    origins = record.origins
    return {
        name: _Setting(value, origins.get(name, "?")) for name, value in record.settings.items()
    }


def _bare(value: Any) -> Any:
    """A setting without its origin: the same value from elsewhere is no difference."""
    return value.value if isinstance(value, _Setting) else value


def _text(value: Any) -> str:
    if isinstance(value, _Setting):
        return f"{as_text(value.value)} ({value.origin})"
    return as_text(value)
