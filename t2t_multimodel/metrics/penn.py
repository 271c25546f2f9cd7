"""Turns linearised trees into Penn brackets: ``(S (NP (DT The) (NN dog)) (VP (VBZ barks)))``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from t2t_multimodel.metrics.brackets import Repairs, Tree, read_tree

_ESCAPES = str.maketrans({"(": "-LRB-", ")": "-RRB-"})


def penn_tree(text: str, words: Sequence[str]) -> tuple[str, Repairs]:
    """The tree over the words, on one line, and what had to be repaired for it.

    Args:
        text: a linearised tree, or anything else that a model puts out.
        words: of the sentence, put at the leaves in order.

    Returns:
        Brackets as EVALB reads them, whatever `text` is: several roots, or leaves outside of the
        root, come below one TOP; brackets within words become -LRB- and -RRB-.
    """
    tree = read_tree(text, len(words))
    return _brackets(tree, words), tree.repairs


def _brackets(tree: Tree, words: Sequence[str]) -> str:
    starts = list(range(tree.leaves))  # where each finished part begins
    texts = [
        f"({tag} {word.translate(_ESCAPES)})" for tag, word in zip(tree.tags, words, strict=True)
    ]
    for label, start, end in tree.brackets:
        inside = slice(bisect_left(starts, start), bisect_left(starts, end))
        texts[inside] = [f"({label} {' '.join(texts[inside])})"]
        starts[inside] = [start]
    one_root = len(texts) == 1 and bool(tree.brackets)
    return texts[0] if one_root else f"(TOP {' '.join(texts)})"
