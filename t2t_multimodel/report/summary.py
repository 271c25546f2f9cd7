"""A run in a screen: what was set, what it was made with, what it scored."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel import storage
from t2t_multimodel.report.record import as_text, read_record
from t2t_multimodel.terminal import make_console, plural


def print_summary(path: Path) -> None:
    """Prints settings that are not the defaults, the newest session, and the scores."""
    from rich.table import Table

    record, console = read_record(path), make_console()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("", "name", "value", "from"):
        table.add_column(column, overflow="fold")
    for name, value in record.settings.items():
        if record.origins.get(name) != "default":
            table.add_row("setting", name, as_text(value), record.origins.get(name, "?"))
    for name, fingerprint in record.data.items():
        table.add_row("data", name, fingerprint)
    for name, fact in record.made_with.items():
        table.add_row("made with", name, as_text(fact))
    for name, score in record.scores.items():
        table.add_row("score", name, f"{score:.6g}")
    problems = plural(len(record.data), "problem")
    console.print(f"{storage.shown(path)}: {record.config['hparams_set']}, {problems}")
    console.print(table)
