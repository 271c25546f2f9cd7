"""Findings: what is wrong with a problem, and what to change."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

Status = Literal["ok", "fails", "not checked"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    message: str
    """`message` says what is wrong, with the value and the example in it."""
    fix: str
    """`fix` says what to change."""


@dataclasses.dataclass(frozen=True)
class Found:
    """The result of one check of one problem."""

    check: str
    """Name of the check, one of `contract.CHECKS`."""
    findings: tuple[Finding, ...] = ()
    """Empty: the problem keeps this part of the contract."""
    notes: tuple[str, ...] = ()
    """What is worth knowing and no mistake."""
    not_checked: str = ""
    """Why it could not be looked at; empty if it was."""

    @property
    def status(self) -> Status:
        """Returns "fails" for anything found, else whether it was looked at."""
        if self.findings:
            return "fails"
        return "not checked" if self.not_checked else "ok"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        return {"status": self.status, **dataclasses.asdict(self)}


class NotChecked(Exception):
    """A check can not be done, because another part of the contract is broken or by its nature."""
