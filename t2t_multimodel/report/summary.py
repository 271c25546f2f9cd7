"""A run in a screen: what was set, what it was made with, what it scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from t2t_multimodel import storage
from t2t_multimodel.metrics.units import legend
from t2t_multimodel.report.record import as_text, read_record
from t2t_multimodel.terminal import make_console, plural

if TYPE_CHECKING:
    from rich.table import Table


def print_summary(path: Path) -> None:
    """Prints settings that are not the defaults, the newest session, and the scores."""
    record, console = read_record(path), make_console()
    problems = plural(len(record.data), "problem")
    console.print(f"{storage.shown(path)}: {record.config['hparams_set']}, {problems}")
    settings = _table(("", "name", "value", "from"))
    for name, value in record.settings.items():
        if record.origins.get(name) != "default":
            settings.add_row("setting", name, as_text(value), record.origins.get(name, "?"))
    console.print(settings)
    facts = _table(("", "name", "value"))
    for name, fingerprint in record.data.items():
        facts.add_row("data", name, fingerprint)
    for name, fact in record.made_with.items():
        facts.add_row("made with", name, as_text(fact))
    for name, score in record.scores.items():
        facts.add_row("score", name, f"{score:.6g}")
    console.print(facts)
    if record.scores:
        console.print(f"{legend(name.rpartition(' ')[2] for name in record.scores)}.")


def _table(columns: tuple[str, ...]) -> Table:
    """Names stay whole in 80 columns, so that they can be copied; values fold."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    return table
