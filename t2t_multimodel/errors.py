"""The errors that are meant for people, the guard that makes them, and their suggestions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

_CLOSE = 0.6  # difflib's own cutoff: below it a suggestion is a guess
_TIE = 0.05  # names this near to the best one are offered beside it
_LONGEST_REASON = 300  # characters of what a library says that are passed on
stands_for: dict[str, str] = {}
"""Begin of a path of this machine -> what messages have in its place (`storage`)."""
_ADDRESS = re.compile(r" ?<[^<>]* object at 0x[0-9a-f]+>")


class UserError(Exception):
    """A mistake that the user can mend: commands print it without a traceback and exit with 2.

    Args:
        message: what is wrong, with the offending value in it.
        fix: what to do about it; may be empty.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.message = printable(str(message))
        self.fix = printable(str(fix))

    def __str__(self) -> str:
        return f"{self.message}\n{self.fix}" if self.fix else self.message


class BadValue(ValueError):
    """A value of an example that its feature can not take; the message says why."""

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))


@contextmanager
def foreign(error_for: Callable[[str], Exception]) -> Iterator[None]:
    """The guard around every place where code reads what others wrote.

    Libraries raise whatever they like on a damaged file: no list of types is ever complete. So
    each `Exception` becomes one of ours; `UserError` and `BadValue` pass as they are.

    Args:
        error_for: makes the error from a reason, which fits on a line.
    """
    try:
        yield
    except (UserError, BadValue):
        raise
    except Exception as error:
        raise error_for(reason(error)) from error


def reason(error: BaseException) -> str:
    """Says an error on one line that can be printed, without addresses of objects."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return str(error) or "it does not fit into memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = " ".join(_ADDRESS.sub("", str(error)).split()).rstrip(".")
    name = type(error).__name__
    if isinstance(error, KeyError):
        said = f"{name}: {said}"
    if not said and hasattr(error, "code"):
        said = f"{name} {error.code}"
    shown = printable(said or name)
    return shown if len(shown) <= _LONGEST_REASON else f"{shown[:_LONGEST_REASON]} ..."


def printable(text: str) -> str:
    """The text with an escape for each half of a surrogate pair, which no terminal can write.

    Python has them in the names of files that are not UTF-8. Paths that stand for an URL are told
    as that.
    """
    for path, url in stands_for.items():
        text = text.replace(path, url)
    return text.encode("utf-8", "backslashreplace").decode()


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
