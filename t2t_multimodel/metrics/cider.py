"""CIDEr-D: consensus of a caption with its references (Vedantam et al. 2015, arXiv 1411.5726)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

LONGEST = 4
"""Longest n-gram."""
SIGMA = 6.0
"""Width of the penalty on a difference of length, in words."""

Words = Sequence[str]
Grams = Counter[tuple[str, ...]]
Vector = dict[tuple[str, ...], float]
"""N-gram of one length -> weight."""


def cider_d(references: Sequence[Sequence[Words]], outputs: Sequence[Words]) -> list[float]:
    """The score of each output, 0 to 10 (section 6 and the paper's equations 1 to 3).

    Args:
        references: of each example one or more, split into words; document frequencies are
            counted over them.
        outputs: of each example one.
    """
    counted = [[_grams(reference) for reference in refs] for refs in references]
    known_in: Grams = Counter()
    for refs in counted:
        known_in.update(set().union(*refs))
    weights = _Weights(known_in, len(references))
    return [
        10 * sum(weights.likeness(_grams(output), reference) for reference in refs) / len(refs)
        for refs, output in zip(counted, outputs, strict=True)
    ]


class _Weights:
    """TF-IDF of n-grams, given in how many examples each occurs."""

    def __init__(self, known_in: Grams, examples: int) -> None:
        self._known_in, self._log_examples = known_in, math.log(examples)

    def likeness(self, output: Grams, reference: Grams) -> float:
        """Mean over n of the clipped cosine, less for another length; 0 to 1."""
        shorter = _length(output) - _length(reference)
        penalty = math.exp(-(shorter**2) / (2 * SIGMA**2))
        pairs = zip(self._vectors(output), self._vectors(reference), strict=True)
        return penalty * sum(_clipped_cosine(*pair) for pair in pairs) / LONGEST

    def _vectors(self, grams: Grams) -> list[Vector]:
        vectors: list[Vector] = [{} for _ in range(LONGEST)]
        for gram, count in grams.items():
            rarity = self._log_examples - math.log(max(1, self._known_in[gram]))
            vectors[len(gram) - 1][gram] = count * rarity
        return vectors


def _clipped_cosine(output: Vector, reference: Vector) -> float:
    """Cosine in which no n-gram counts more often than the reference has it."""
    norms = math.hypot(*output.values()) * math.hypot(*reference.values())
    if not norms:
        return 0.0
    shared = output.keys() & reference.keys()
    return sum(min(output[g], reference[g]) * reference[g] for g in sorted(shared)) / norms


def _grams(words: Words) -> Grams:
    """All n-grams up to the longest."""
    return Counter(
        tuple(words[i : i + n]) for n in range(1, LONGEST + 1) for i in range(len(words) - n + 1)
    )


def _length(grams: Grams) -> int:
    """Words, by the n-grams of one word."""
    return sum(count for gram, count in grams.items() if len(gram) == 1)
