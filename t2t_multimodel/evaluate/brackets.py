"""Reads linearised trees: ``(S (NP XX XX NP) (VP XX VP) S)`` (Vinyals et al. 2015)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPEN = re.compile(r"\(([^\s()]+)")
_CLOSE = re.compile(r"([^\s()]+)\)")

Bracket = tuple[str, int, int]
"""Label, number of the first leaf, number after the last leaf."""


@dataclass(frozen=True)
class Tree:
    """The constituents of a linearised tree."""

    brackets: tuple[Bracket, ...]
    """Those with at least one leaf, in the order of their closing."""
    leaves: int
    """Leaf tokens: XX, tags or words."""
    well_formed: bool
    """Whether it is one constituent over all leaves, and nothing had to be repaired."""


def read_tree(text: str) -> Tree:
    """Reads any string; what is no tree is repaired, as a parser's output must be scored.

    A closing bracket closes the innermost open one of its label and all that are open inside
    that; without one it is dropped. Brackets open at the end close there.

    Args:
        text: opening brackets `(NP`, closing brackets `NP)` and leaves, separated by blanks.
    """
    open_: list[tuple[str, int]] = []
    closed: list[Bracket] = []
    leaves = roots = 0
    whole = True

    def close(count: int) -> None:
        for _ in range(count):
            label, start = open_.pop()
            if leaves > start:
                closed.append((label, start, leaves))

    for word in text.split():
        if match := _OPEN.fullmatch(word):
            roots += not open_
            open_.append((match[1], leaves))
        elif match := _CLOSE.fullmatch(word):
            depth = _depth(match[1], open_)
            whole = whole and depth == 1
            close(depth)
        else:
            whole = whole and bool(open_)
            leaves += 1
    whole = whole and not open_ and roots == 1 and leaves > 0
    close(len(open_))
    return Tree(tuple(closed), leaves, whole)


def between_leaves(text: str) -> list[str]:
    """The brackets before each leaf and after the last, joined by blanks: one more than leaves."""
    gaps: list[list[str]] = [[]]
    for word in text.split():
        if _OPEN.fullmatch(word) or _CLOSE.fullmatch(word):
            gaps[-1].append(word)
        else:
            gaps.append([])
    return [" ".join(gap) for gap in gaps]


def _depth(label: str, open_: list[tuple[str, int]]) -> int:
    """How many open brackets the closing of `label` closes; 0 if none has that label."""
    for depth, (candidate, _) in enumerate(reversed(open_), start=1):
        if candidate == label:
            return depth
    return 0
