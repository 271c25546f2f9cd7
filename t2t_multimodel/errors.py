"""The one error that is meant for the person at the keyboard, and the text of its suggestions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_CLOSE = 0.6  # difflib's own cutoff: below it a suggestion is a guess
_TIE = 0.05  # names this near to the best one are offered beside it


class UserError(Exception):
    """A mistake that the user can mend: commands print it without a traceback and exit with 2.

    Args:
        message: what is wrong, with the offending value in it.
        fix: what to do about it; may be empty.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n{self.fix}" if self.fix else self.message


def nearest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """The names in `known` that `name` may have been meant to be, best first, at most `n`.

    A name that holds `name` as a part (`ende` in `octet_ende`) counts as near too.
    """
    scores = {candidate: _similarity(name.lower(), candidate.lower()) for candidate in known}
    baseline = max(_CLOSE, max(scores.values(), default=0.0) - _TIE)
    close = [candidate for candidate, score in scores.items() if score >= baseline]
    return sorted(close, key=lambda candidate: (-scores[candidate], candidate))[:n]


def _similarity(name: str, candidate: str) -> float:
    ratio = difflib.SequenceMatcher(None, name, candidate).ratio()
    return max(ratio, 0.75) if len(name) > 2 and name in candidate else ratio


def did_you_mean(name: str, known: Iterable[str], mark: str = "'") -> str:
    """`" Did you mean 'a' or 'b'?"` with a leading space, or nothing when no name is near."""
    close = [f"{mark}{candidate}{mark}" for candidate in nearest(name, known)]
    if not close:
        return ""
    listed = " or ".join(filter(None, [", ".join(close[:-1]), close[-1]]))
    return f" Did you mean {listed}?"


def unknown(kind: str, name: str, known: Sequence[str], next_command: str = "") -> UserError:
    """The error for a name that nobody registered.

    Args:
        kind: what the name should have been, such as `"problem"`.
        name: the name as the user wrote it.
        known: the names that exist.
        next_command: the command that lists them; without one they are listed in the error.
    """
    message = f"No {kind} is named '{name}'.{did_you_mean(name, known)}"
    if next_command:
        return UserError(message, f"{next_command} shows all {len(known)}.")
    return UserError(message, f"Known: {', '.join(sorted(known)) or 'none'}.")
