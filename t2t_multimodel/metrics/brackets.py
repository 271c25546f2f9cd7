"""Reads linearised trees: ``(S (NP XX XX NP) (VP XX VP) S)`` (Vinyals et al. 2015)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_OPEN = re.compile(r"\(([^\s()]+)")
_CLOSE = re.compile(r"([^\s()]+)\)")

Bracket = tuple[str, int, int]
"""Label, number of the first leaf, number after the last leaf."""


class Repairs(NamedTuple):
    """Counts for each rule of `read_tree` how often it mended a tree."""

    closes_dropped: int = 0
    """Closing brackets without an open one of their label."""
    closes_added: int = 0
    """Open brackets closed by another's closing, or at the end."""
    leaves_dropped: int = 0
    """Leaves beyond the sentence."""
    leaves_added: int = 0
    """Words that had no leaf."""


@dataclass(frozen=True)
class Tree:
    """The constituents of a linearised tree."""

    brackets: tuple[Bracket, ...]
    """`brackets` holds those with at least one leaf, in the order of their closing."""
    tags: tuple[str, ...]
    """The leaf tokens: XX, part-of-speech tags or words."""
    well_formed: bool
    """Whether it is one constituent over all leaves, and nothing had to be repaired."""
    repairs: Repairs = Repairs()
    """`repairs` counts what was mended. Two roots, or leaves outside of the root, are not mended;
    such a tree is not well-formed."""

    @property
    def leaves(self) -> int:
        """Counts the leaves."""
        return len(self.tags)


def read_tree(text: str, leaves: int | None = None) -> Tree:
    """Reads any string; what is no tree is repaired, as a parser's output must be scored.

    A closing bracket closes the innermost open one of its label and all that are open inside
    that; without one it is dropped. Brackets open at the end close there. Leaves beyond the
    sentence are dropped; those that lack are put, as XX, at the end of the last root.

    Args:
        text: opening brackets `(NP`, closing brackets `NP)` and leaves, separated by blanks.
        leaves: words of the sentence that the tree is over; None: as many as the text has.
    """
    open_: list[tuple[str, int]] = []
    closed: list[Bracket] = []
    tags: list[str] = []
    roots = dropped = added = 0
    whole = True

    def close(count: int) -> None:
        for _ in range(count):
            label, start = open_.pop()
            if len(tags) > start:
                closed.append((label, start, len(tags)))

    for word in text.split():
        if match := _OPEN.fullmatch(word):
            roots += not open_
            open_.append((match[1], len(tags)))
        elif match := _CLOSE.fullmatch(word):
            depth = _depth(match[1], open_)
            dropped += depth == 0
            added += max(0, depth - 1)
            close(depth)
        else:
            whole = whole and bool(open_)
            tags.append(word)
    added += len(open_)
    close(len(open_))
    whole = whole and not dropped and not added and roots == 1 and bool(tags)
    tree = Tree(tuple(closed), tuple(tags), whole, Repairs(dropped, added))
    return tree if leaves in (None, tree.leaves) else _fitted(tree, leaves or 0)


def _fitted(tree: Tree, leaves: int) -> Tree:
    """The tree over another number of leaves."""
    brackets = [(label, start, min(end, leaves)) for label, start, end in tree.brackets]
    if brackets and tree.leaves < leaves:
        label, start, _ = brackets[-1]  # a root: what closes last lies in nothing
        brackets[-1] = (label, start, leaves)
    tags = (*tree.tags[:leaves], *["XX"] * (leaves - tree.leaves))
    repairs = tree.repairs._replace(
        leaves_dropped=max(0, tree.leaves - leaves), leaves_added=max(0, leaves - tree.leaves)
    )
    return Tree(tuple(b for b in brackets if b[1] < b[2]), tags, False, repairs)


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
    """Counts the open brackets that the closing of `label` closes; 0 if none has that label."""
    for depth, (candidate, _) in enumerate(reversed(open_), start=1):
        if candidate == label:
            return depth
    return 0
