"""Metrics of captions against several references each, as the COCO evaluation defines them.

Texts are split as in the Penn Treebank, in lower case, and punctuation is left out (Chen et al.
2015, arXiv 1504.00325). The tokenizer is NLTK's; the COCO tools run Stanford's, in Java, which
splits a few rare forms in another way.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from t2t_multimodel.metrics.cider import cider_d
from t2t_multimodel.metrics.score import references, summed
from t2t_multimodel.metrics.text import SacreBleu, of_examples
from t2t_multimodel.registry import register_metric

PUNCTUATION = frozenset(
    ["''", "'", "``", "`", "(", ")", "{", "}", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)
"""Tokens that do not count; brackets are -LRB- and the like in the Treebank."""
RECALL_WEIGHT = 1.2
"""ROUGE-L counts recall so many times as much as precision."""


@functools.cache
def _tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


def words(text: str) -> list[str]:
    """The words of a caption that count, in lower case."""
    tokens = _tokenizer().tokenize(text.lower())
    return [token for token in tokens if token not in PUNCTUATION]


def _split(
    targets: Sequence[Any], outputs: Sequence[str]
) -> tuple[list[list[list[str]]], list[list[str]]]:
    """Words of each example's references and of its output."""
    of_targets = [[words(text) for text in references(target)] for target in targets]
    return of_targets, [words(output) for output in outputs]


@register_metric("cider")
@summed()
def cider(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """CIDEr-D, 0 to 10, as the COCO tools print it; papers often print 100 times as much.

    N-grams are weighed by how few of these examples have them in their references, so the score
    depends on the set of examples.
    """
    return of_examples(cider_d(*_split(targets, outputs)))


@register_metric("rouge_l")
@summed()
def rouge_l(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """ROUGE-L, 0 to 1: longest common subsequence, mean over examples (Lin 2004, section 3).

    As in the COCO tools precision and recall are each of the reference that suits best, and
    recall weighs `RECALL_WEIGHT` times as much.
    """
    pairs = zip(*_split(targets, outputs), strict=True)
    return of_examples([_rouge_l(refs, output) for refs, output in pairs])


def _rouge_l(refs: list[list[str]], output: list[str]) -> float:
    common = [_common(reference, output) for reference in refs]
    if not any(common):
        return 0.0
    precision = max(common) / len(output)
    recall = max(n / len(r) for n, r in zip(common, refs, strict=True) if r)
    weight = RECALL_WEIGHT**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def _common(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for i, other in enumerate(second, start=1):
            above = row[i]
            row[i] = diagonal + 1 if word == other else max(above, row[i - 1])
            diagonal = above
    return row[-1]


_BLEU4 = SacreBleu("BLEU", tokenize="none", smooth_method="none", force=True)


@register_metric("caption_bleu4")
@summed(_BLEU4.score)
def caption_bleu4(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Corpus BLEU-4 of captions, 0 to 100, on the words that count, without smoothing."""
    of_targets, of_outputs = _split(targets, outputs)
    texts = [tuple(" ".join(reference) for reference in refs) for refs in of_targets]
    joined = [" ".join(output) for output in of_outputs]
    return _BLEU4.counts(texts, joined)
