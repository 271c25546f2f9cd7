"""Metrics of parse trees, by the rules of EVALB with its parameters COLLINS.prm.

A bracket is (label, first word, word after the last). Traces and punctuation are taken out of
the sentence, and with them constituents that have nothing else; the label TOP does not count,
ADVP and PRT are one label, and functional tags (NP-SBJ, NP=2) are cut off. Brackets are matched
as multisets, and sums are over the split.

Where EVALB leaves a sentence out because the tree has another number of words, the tree is
repaired by the rules of `read_tree` and scored: an output is never skipped. Which leaves are
punctuation the target says; where its leaves are all XX, none is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.metrics.brackets import Bracket, Tree, read_tree
from t2t_multimodel.metrics.score import ratio, references, summed
from t2t_multimodel.metrics.text import of_examples
from t2t_multimodel.registry import register_metric

DELETED_TAGS = frozenset((",", ":", "``", "''", ".", "-NONE-"))
"""Tags of leaves that are taken out."""
DELETED_LABELS = frozenset(("TOP",))
"""Labels of constituents that do not count."""
EQUAL_LABELS = {"PRT": "ADVP"}
"""Label -> the one that it is taken for."""


def bracket_counts(target: str, output: str) -> tuple[int, int, int]:
    """Brackets that match, that the target has, that the output has."""
    gold = read_tree(target)
    place = np.cumsum([0, *(tag not in DELETED_TAGS for tag in gold.tags)]).tolist()
    expected = Counter(_scored(gold, place))
    given = Counter(_scored(read_tree(output, gold.leaves), place))
    return (expected & given).total(), expected.total(), given.total()


def _scored(tree: Tree, place: list[int]) -> list[Bracket]:
    """The brackets that count, over the leaves that stay.

    Args:
        tree: any.
        place: how many leaves stay before each leaf, and in all.
    """
    labelled = ((_plain(label), place[start], place[end]) for label, start, end in tree.brackets)
    return [one for one in labelled if one[0] not in DELETED_LABELS and one[1] < one[2]]


def _plain(label: str) -> str:
    """A label without functional tags, or the one that it is taken for."""
    base = re.sub(r"(?<=.)[-=].*", "", label)
    return EQUAL_LABELS.get(base, base)


def _f1(sums: np.ndarray) -> float:
    matched, expected, given = sums
    return ratio(np.asarray([2 * matched, expected + given]))


def _counts(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    return np.asarray(
        [bracket_counts(references(t)[0], o) for t, o in zip(targets, outputs, strict=True)]
    )


@register_metric("bracket_f1")
@summed(_f1)
def bracket_f1(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Labelled bracket F1 by EVALB's rules, 0 to 1 (Black et al. 1991; Collins 1997)."""
    return _counts(targets, outputs)


@register_metric("bracket_precision")
@summed(lambda sums: ratio(sums[[0, 2]]))
def bracket_precision(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Share of the outputs' brackets that the targets have too, by EVALB's rules."""
    return _counts(targets, outputs)


@register_metric("bracket_recall")
@summed()
def bracket_recall(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Share of the targets' brackets that the outputs have too, by EVALB's rules."""
    return _counts(targets, outputs)


@register_metric("bracket_exact")
@summed()
def bracket_exact(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Share of outputs with all of their target's brackets and no other (EVALB: complete match)."""
    counts = _counts(targets, outputs)
    return of_examples((counts == counts[:, :1]).all(axis=1))


@register_metric("well_formed")
@summed()
def well_formed(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Share of outputs that need no repair: one whole tree with a leaf for each word."""
    words = [read_tree(references(target)[0]).leaves for target in targets]
    return of_examples([read_tree(o, n).well_formed for o, n in zip(outputs, words, strict=True)])
