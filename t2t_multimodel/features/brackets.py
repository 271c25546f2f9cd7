"""Brackets: what a linearised tree may look like, so that outputs are always whole trees."""

from __future__ import annotations

import dataclasses
import re
from typing import Literal, NamedTuple

import numpy as np

from t2t_multimodel.features.stored import SpeltTokenizer

_OPEN = re.compile(r"\(([^\s()]+)")
_CLOSE = re.compile(r"([^\s()]+)\)")

NO_TAG = "XX"
"""The leaf of trees without tags."""

Role = tuple[Literal["open", "close", "leaf"], str]
"""The action of a symbol, and the label of a bracket ("" for a leaf)."""


class BracketTables(NamedTuple):
    """The role of each token of a vocabulary, and the words that tokens of the inputs begin."""

    opens_V: np.ndarray
    """int32: the number of the label whose bracket the token opens; -1: none."""
    closes_V: np.ndarray
    """int32: the number of the label whose bracket it closes; -1: none."""
    leaf_V: np.ndarray
    """bool."""
    word_at_once_U: np.ndarray
    """bool, for tokens of the inputs: its first character is part of a word."""
    blank_behind_U: np.ndarray
    """bool: its last character is a blank, so that a word may begin after it."""
    words_inside_U: np.ndarray
    """int32: how often a word follows a blank inside of it."""


@dataclasses.dataclass(frozen=True)
class Brackets:
    """A grammar for a target: one tree, with one leaf for each word of the input.

    Every bracket has a label and is closed by its own, none is empty, and nothing stands outside
    of the root. Each bracket and each leaf must be one control symbol of the vocabulary; sub-words
    are never written. For trees that are written in another way override `role`.
    """

    def role(self, symbol: str) -> Role | None:
        """Returns what a control symbol does: `(NP` opens, `NP)` closes, any other one is a leaf.

        None forbids it.
        """
        if match := _OPEN.fullmatch(symbol):
            return "open", match[1]
        if match := _CLOSE.fullmatch(symbol):
            return "close", match[1]
        return "leaf", ""

    def with_words(self, tree: str, sentence: str) -> str:
        """A linearised tree with the words in the place of its leaves: `(S (NP They) (VP dance))`.

        A leaf that is a tag stands before its word: `(NN dog)`. A tree whose leaves are not as
        many as the words, or whose brackets do not match, stays as it is.

        Args:
            tree: symbols between blanks.
            sentence: words between blanks.
        """
        words, written = iter(sentence.split()), ""
        closed_by: list[str] = []
        for symbol in tree.split():
            kind, label = self.role(symbol) or ("", "")
            if kind == "open":
                written += f" ({label}"
                closed_by.append(label)
            elif kind == "close" and closed_by and closed_by.pop() == label:
                written += ")"
            elif kind == "leaf" and (word := next(words, "")):
                written += f" {word}" if symbol == NO_TAG else f" ({symbol} {word})"
            else:
                return tree
        words_left = next(words, "")
        return tree if closed_by or words_left else written.strip()

    def tables(self, targets: SpeltTokenizer, inputs: SpeltTokenizer) -> BracketTables:
        """The roles of the tokens of both vocabularies."""
        roles = {i: self.role(symbol) for symbol, i in targets.symbols.items()}
        labels = {role[1] for role in roles.values() if role and role[0] == "open"}
        labels &= {role[1] for role in roles.values() if role and role[0] == "close"}
        numbers = {label: number for number, label in enumerate(sorted(labels))}
        opens, closes = (np.full(targets.size, -1, np.int32) for _ in range(2))
        leaf = np.zeros(targets.size, bool)
        for i, role in roles.items():
            kind, label = role or ("", "")
            if kind == "leaf":
                leaf[i] = True
            elif label in numbers:
                (opens if kind == "open" else closes)[i] = numbers[label]
        return BracketTables(opens, closes, leaf, *_words(inputs.spelling()))


def _words(spelling_US: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last three of `BracketTables`, of the bytes of each token; ASCII blanks part words."""
    real = spelling_US > 0
    blank = np.isin(spelling_US, list(b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"))
    size = real.sum(axis=1)
    rows = np.arange(len(spelling_US))
    at_once = real[:, 0] & ~blank[:, 0]
    behind = (size > 0) & blank[rows, np.maximum(size - 1, 0)]
    inside = (blank[:, :-1] & real[:, 1:] & ~blank[:, 1:]).sum(axis=1)
    return at_once, behind, inside.astype(np.int32)
