"""The last section of a page: with what, and at which cost, its runs were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from t2t_multimodel.paper.record import Record
from t2t_multimodel.report.page import PageSection, Paragraph, Table


def made_with(records: Sequence[Record], command: str) -> PageSection:
    """Command, versions, machine and cost.

    Args:
        records: of all runs.
        command: makes the page again.
    """
    sessions = [record.session for record in records]
    hours = sum(record.cpu_seconds for record in records) / 3600
    packages = [name for one in sessions[:1] for name in one["packages"]]
    rows = [
        ("command", command),
        ("runs", f"{len(records)}"),
        ("seeds", _listed(record.seed for record in records)),
        ("CPU hours", f"{hours:.2f}"),
        ("system", _listed(one["system"] for one in sessions)),
        ("python", _listed(one["python"] for one in sessions)),
        ("commit", _listed(map(_commit, sessions))),
        *((name, _listed(one["packages"].get(name) for one in sessions)) for name in packages),
    ]
    text = (
        "CPU hours are processor time of training and scoring, over all cores. Sessions that were "
        "killed before they could save what they had used are not in it."
    )
    return PageSection("How it was made", [Table(("", ""), rows), Paragraph(text)])


def _commit(session: dict[str, Any]) -> str:
    git = session["git"]
    if git is None:
        return "not a checkout"
    return git["commit"][:12] + (" with changes" if git["changed"] else "")


def _listed(values: Iterable[Any]) -> str:
    """Each value once."""
    return ", ".join(dict.fromkeys(map(str, values)))
