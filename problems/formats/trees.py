"""Penn trees: reading, cleaning as EVALB expects, and writing as sequences of symbols.

`( (S (NP-SBJ-1 (DT The) (NN dog)) (VP (VBZ barks))) )` is read as a `PennTree`, cleaned of traces
and functions, and linearised as Vinyals et al. 2015 (arXiv 1412.7449, section 3) do:
`(S (NP XX XX NP) (VP XX VP) S)`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from t2t_multimodel import UserError

TRACE = "-NONE-"
"""Tag of a leaf that stands for no word."""
OUTER = "TOP"
"""Label of an outer node that is kept, because it has not one constituent alone."""
PUNCTUATION = frozenset((",", ".", ":", "``", "''"))
"""Tags of leaves that EVALB leaves out (its parameters COLLINS.prm)."""
LEAF = "XX"
"""A leaf is written as `LEAF` where tags are not kept."""
_TOKEN = re.compile(r"[()]|[^\s()]+", re.ASCII)  # a thin space is part of its word
_PLAIN = re.compile(r"-.*|[^-=|]*")  # -LRB- begins with a mark of functions and stays whole
_DEEPEST = 300


@dataclass(frozen=True)
class PennTree:
    """A constituent with children, or a leaf: a tag with a word."""

    label: str
    """`label` is the label of the constituent, or the part of speech of the leaf."""
    children: tuple[PennTree, ...] = ()
    word: str = ""
    """"" for constituents."""

    def leaves(self) -> Iterator[PennTree]:
        """Yields the leaves from left to right."""
        if self.word:
            yield self
        for child in self.children:
            yield from child.leaves()

    def words(self) -> str:
        """The words joined by blanks."""
        return " ".join(leaf.word for leaf in self.leaves())

    def __str__(self) -> str:
        """Writes the tree in brackets, on one line."""
        inner = [self.word] if self.word else map(str, self.children)
        return f"({' '.join([self.label, *inner])})"


class Placed(NamedTuple):
    """A tree and where it begins."""

    tree: PennTree
    origin: str
    """File and line: "wsj_0001.mrg:3"."""


def read_trees(lines: Iterable[str], name: str) -> Iterator[Placed]:
    """The bracketed trees of a text, each on one line or on several.

    Args:
        lines: of the text.
        name: of the file, for errors.

    Raises:
        UserError: the text is no sequence of trees; it tells file and line.
    """
    open_: list[_Node] = []
    begin = 0
    for number, line in enumerate(lines, start=1):
        for token in _TOKEN.findall(line):
            begin = begin if open_ else number
            if token == "(":
                open_.append(_Node())
            elif not open_:
                raise _bad(name, number, f"{token!r} is outside of every tree")
            elif token == ")":
                try:
                    tree = open_.pop().tree(outer=not open_)
                except ValueError as error:
                    raise _bad(name, number, str(error)) from None
                if not open_:
                    yield Placed(tree, f"{name}:{begin}")
                else:
                    open_[-1].children.append(tree)
            else:
                open_[-1].words.append(token)
            if len(open_) > _DEEPEST:
                raise _bad(name, number, f"more than {_DEEPEST} brackets are open")
    if open_:
        raise _bad(name, begin, f"the tree that begins here lacks {len(open_)} closing brackets")


class _Node:
    """A bracket that is still open."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.children: list[PennTree] = []

    def tree(self, outer: bool) -> PennTree:
        """The tree, now that its bracket closes."""
        words, children = self.words, tuple(self.children)
        if children and (len(words) == 1 or (outer and not words)):
            return PennTree("".join(words), children)
        if not children and len(words) == 2:
            return PennTree(words[0], word=words[1])
        held = f"{' '.join(words) or 'no label'} and {len(children)} trees"
        raise ValueError(f"a bracket holds {held}, not a label with trees or a tag with a word")


def _bad(name: str, line: int, reason: str) -> UserError:
    return UserError(f"{name}:{line}: {reason}.", fix="Mend the file or get it again.")


def cleaned(tree: PennTree) -> PennTree | None:
    """The tree as EVALB and its users expect it; None if nothing of it is left.

    Traces go, and constituents that held nothing else. Labels lose functions, indices and
    alternatives: NP-SBJ-1, PP=2, ADVP|PRT become NP, PP, ADVP. The outer node goes if it has one
    constituent alone, else it becomes TOP. Blanks inside of a word (Unicode has several) become _.
    Nothing else changes: unary chains stay.
    """
    inner = _without_traces(tree)
    if inner is None:
        return None
    if tree.label not in ("", OUTER, "ROOT", "S1"):
        return inner
    if len(inner.children) == 1 and not inner.children[0].word:
        return inner.children[0]
    return PennTree(OUTER, inner.children, inner.word)


def _without_traces(tree: PennTree) -> PennTree | None:
    if tree.label == TRACE:
        return None
    if tree.word:
        return PennTree(_plain(tree.label), word="_".join(tree.word.split()) or "_")
    children = tuple(child for child in map(_without_traces, tree.children) if child)
    return PennTree(_plain(tree.label), children) if children else None


def _plain(label: str) -> str:
    match = _PLAIN.match(label)
    assert match is not None  # it matches "" too
    return match[0]


def linearised(tree: PennTree, kept_tags: Collection[str] = ()) -> str:
    """The tree without its words: `(S (NP XX NP) (VP XX VP) S)`.

    Args:
        tree: any.
        kept_tags: parts of speech that leaves show; all others are XX.
    """
    return " ".join(_symbols(tree, kept_tags))


def _symbols(tree: PennTree, kept_tags: Collection[str]) -> Iterator[str]:
    if tree.word:
        yield tree.label if tree.label in kept_tags else LEAF
        return
    yield f"({tree.label}"
    for child in tree.children:
        yield from _symbols(child, kept_tags)
    yield f"{tree.label})"


def t2t_tags(tree: PennTree) -> str:
    """The tree as Tensor2Tensor writes it, its outermost node left out: `NP DT NN /NP VP VBZ /VP`.

    A constituent X is closed by /X, a tag is not closed.
    """
    return " ".join(symbol for child in tree.children for symbol in _t2t_symbols(child))


def _t2t_symbols(tree: PennTree) -> Iterator[str]:
    yield tree.label
    if not tree.word:
        for child in tree.children:
            yield from _t2t_symbols(child)
        yield f"/{tree.label}"


def read_t2t_pair(words: str, tags: str) -> PennTree:
    """The tree of a sentence and its line of `t2t_tags`, below an outer node without label.

    What is closed somewhere in the line is a constituent wherever it occurs there.

    Raises:
        ValueError: brackets do not match, or tags are not as many as words.
    """
    symbols, rest = tags.split(), words.split()
    closed = {symbol[1:] for symbol in symbols if len(symbol) > 1 and symbol[0] == "/"}
    open_: list[tuple[str, list[PennTree]]] = [("", [])]
    n_tags = sum(symbol not in closed and not _closes(symbol, closed) for symbol in symbols)
    if n_tags != len(rest):
        raise ValueError(f"there are {len(rest)} words, but {n_tags} tags")
    leaves = iter(rest)
    for symbol in symbols:
        if symbol in closed:
            open_.append((symbol, []))
        elif _closes(symbol, closed):
            label, children = open_.pop()
            if label != symbol[1:] or not children:
                raise ValueError(f"{symbol} closes {label or 'nothing'}")
            open_[-1][1].append(PennTree(label, tuple(children)))
        else:
            open_[-1][1].append(PennTree(symbol, word=next(leaves)))
    if len(open_) != 1:
        raise ValueError(f"{open_[-1][0]} is not closed")
    return PennTree("", tuple(open_[0][1]))


def _closes(symbol: str, closed: set[str]) -> bool:
    return symbol[0] == "/" and symbol[1:] in closed
