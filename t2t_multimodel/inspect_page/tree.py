"""Draws a linearised tree as SVG."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from t2t_multimodel.features.brackets import NO_TAG, Brackets
from t2t_multimodel.report.page import Media

_LETTER, _ROW, _GAP = 7.5, 34, 12
"""Pixels: the width of a letter, the height of a level, the space between two leaves."""


@dataclass
class Node:
    """A constituent or a leaf."""

    label: str
    children: list[Node] = field(default_factory=list)
    x: float = 0.0


def read_nodes(tree: str, sentence: str = "", grammar: Brackets | None = None) -> Node | None:
    """The root of a tree; None for what is no whole tree.

    Args:
        tree: symbols between blanks: `(S (NP XX NP) S)`.
        sentence: words that take the place of the leaves, if they are as many.
        grammar: of the symbols; None: labelled brackets.
    """
    grammar = grammar or Brackets()
    root = Node("")
    open_, leaves = [root], []
    for symbol in tree.split():
        kind, label = grammar.role(symbol) or ("leaf", "")
        if kind == "open":
            open_[-1].children.append(Node(label))
            open_.append(open_[-1].children[-1])
        elif kind == "close":
            if len(open_) < 2 or open_.pop().label != label:
                return None
        else:
            leaves.append(Node(symbol))
            open_[-1].children.append(leaves[-1])
    words = sentence.split()
    if len(open_) > 1 or len(root.children) != 1 or not leaves or root.children == leaves:
        return None
    for leaf, word in zip(leaves, words, strict=False) if len(words) == len(leaves) else ():
        tag = leaf.label
        leaf.label = word
        if tag != NO_TAG:
            leaf.children, leaf.label = [Node(word)], tag
    return root.children[0]


def drawn(tree: str, sentence: str = "", grammar: Brackets | None = None) -> Media | None:
    """The drawing of a tree; None for what is no whole tree. See `read_nodes`."""
    root = read_nodes(tree, sentence, grammar)
    if root is None:
        return None
    shapes: list[str] = []
    width = _place(root, 0.0)
    depth = _draw(root, 0, shapes)
    size = f'width="{width:.0f}" height="{(depth + 1) * _ROW}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13" '
        f'text-anchor="middle">{"".join(shapes)}</svg>'
    )
    return Media("image/svg+xml", svg.encode(errors="replace"), f"tree: {tree}")


def _place(node: Node, left: float) -> float:
    """Sets the x of a node and of all below it; returns where the next one may begin."""
    wide = len(node.label) * _LETTER + _GAP
    if not node.children:
        node.x = left + wide / 2
        return left + wide
    right = left
    for child in node.children:
        right = _place(child, right)
    node.x = (node.children[0].x + node.children[-1].x) / 2
    return max(right, left + wide)


def _draw(node: Node, level: int, shapes: list[str]) -> int:
    """Adds the shapes of a node and of all below it; returns the deepest level."""
    y, deepest = level * _ROW + 20, level
    for child in node.children:
        shapes.append(
            f'<line x1="{node.x:.1f}" y1="{y + 4}" x2="{child.x:.1f}" y2="{y + _ROW - 12}" '
            'stroke="#888"/>'
        )
        deepest = max(deepest, _draw(child, level + 1, shapes))
    colour = "#1f6fb4" if node.children else "#222"
    text = "".join(c if c.isprintable() else "\ufffd" for c in node.label)
    shapes.append(f'<text x="{node.x:.1f}" y="{y}" fill="{colour}">{escape(text)}</text>')
    return deepest
