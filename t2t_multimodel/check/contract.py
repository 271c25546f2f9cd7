"""The contract of a problem: each check looks at a `Subject` and returns what it found.

A check is a function `Subject -> Found`; `CHECKS` lists them in the order in which they help: what
comes first is often the cause of what comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from t2t_multimodel.check import data_checks, first_checks
from t2t_multimodel.check.finding import Finding, Found, NotChecked
from t2t_multimodel.check.gold import gold_scores
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.errors import UserError

Check = Callable[[Subject], Iterator[Finding | str]]
"""Yields a `Finding` for what is wrong and a text for what is worth knowing.

It raises `NotChecked` where it can not look.
"""

CHECKS: dict[str, Check] = {
    "declaration": first_checks.declaration,
    "raw files": first_checks.raw_files,
    "reading": first_checks.reading,
    "splits": first_checks.splits,
    "values": data_checks.values,
    "lengths": data_checks.lengths,
    "sizes": data_checks.sizes,
    "round trip": data_checks.round_trip,
    "determinism": data_checks.determinism,
    "workers": data_checks.workers,
    "leakage": data_checks.leakage,
    "metrics": gold_scores,
    "sources": data_checks.sources,
}
"""Name -> check, in the order in which they are done."""


def checked(name: str, subject: Subject) -> Found:
    """Does one check.

    Args:
        name: one of `CHECKS`.
        subject: what is looked at.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    try:
        for one in CHECKS[name](subject):
            if isinstance(one, Finding):
                findings.append(one)
            else:
                notes.append(one)
    except NotChecked as why:
        return Found(name, tuple(findings), tuple(notes), not_checked=str(why))
    except UserError as error:
        findings.append(Finding(error.message, error.fix))
    return Found(name, tuple(findings), tuple(notes))
