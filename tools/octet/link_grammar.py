"""Runs link-grammar's `link-parser` and reads its constituent trees. Silver: no hand checked them.

The output of `-constituents=3 -echo=1 -null=0` is the sentence on a line, followed by a line with
its tree if there is a complete linkage:

    The quick fox jumps over it.
    (S (NP the quick.a fox.n) (VP jumps.v (PP over (NP it))) .)
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from t2t_multimodel import UserError

COMMAND = (
    "link-parser",
    "en",
    "-constituents=3",
    "-graphics=0",
    "-verbosity=0",
    "-echo=1",
    "-null=0",  # complete linkages only
    "-panic=0",
    "-spell=0",
    "-limit=200",
    "-timeout=3600",  # the clock cuts nothing: a slow machine finds the same trees
)
_SUBSCRIPT = re.compile(r"(\{[^}]*\})?(\.[a-z=#][-a-z0-9.]*)?$")


class SilverTree(NamedTuple):
    """A sentence with its bracketing, both as tokens joined by blanks."""

    words: str
    """The quick fox jumps over it ."""
    tree: str
    """(S (NP XX XX XX NP) (VP XX (PP XX (NP XX NP) PP) VP) XX S): one XX a word."""


def parse(sentences: Sequence[str]) -> dict[str, SilverTree]:
    """Sentence -> tree, for those sentences that have one.

    Raises:
        UserError: link-parser is not installed.
    """
    try:
        done = subprocess.run(
            COMMAND, input="\n".join(sentences), capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise UserError(
            "link-parser was not found; it brackets the sentences of octet_parse.",
            fix="apt-get install link-grammar link-grammar-dictionaries-en",
        ) from error
    asked, sentence = set(sentences), ""
    trees: dict[str, SilverTree] = {}
    for line in done.stdout.splitlines():
        if line in asked:
            sentence = line
        elif sentence and line.startswith("(S"):
            if tree := read_tree(line, sentence):
                trees[sentence] = tree
            sentence = ""
    return trees


def read_tree(line: str, sentence: str) -> SilverTree | None:
    """The tree on `line` over the words of `sentence`, as they are written there.

    None if the parser's words are not those of the sentence: it corrected or split one.
    """
    rest, words, tokens, labels = sentence, [], [], []
    for piece in re.findall(r"\((?=[A-Z])|\)|[^\s()]+", line):
        if piece == "(":
            labels.append("")
        elif piece == ")":
            tokens.append(f"{labels.pop()})")
        elif labels and labels[-1] == "":
            labels[-1] = piece
            tokens.append(f"({piece}")
        else:
            word = _SUBSCRIPT.sub("", piece) or piece
            if rest[: len(word)].lower() != word.lower():
                return None
            words.append(rest[: len(word)])
            tokens.append("XX")
            rest = rest[len(word) :].lstrip()
    return SilverTree(" ".join(words), " ".join(tokens)) if not rest and not labels else None
