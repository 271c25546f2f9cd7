"""A simple parser: the brackets between two words, looked up by these words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from t2t_multimodel.metrics.brackets import between_leaves

_EDGE = "\n"  # stands beyond the first and the last word; no word is equal to it


class BracketTable:
    """Writes a tree over words by the training trees' most frequent brackets in each gap.

    A gap is known by the two words on either side, or as much of them as the training sentences
    have: three words, the two next to it, their last three letters, their last two. Brackets need
    not match each other; `read_tree` repairs them.
    """

    def __init__(self, sentences: Sequence[str], trees: Sequence[str]) -> None:
        """
        Args:
            sentences: words separated by blanks.
            trees: linearised, with a leaf for each word.
        """
        seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for sentence, tree in zip(sentences, trees, strict=True):
            for keys, gap in zip(_gaps(sentence), between_leaves(tree), strict=True):
                for key in keys:
                    seen[key][gap] += 1
        self._best = {key: max(gaps, key=gaps.__getitem__) for key, gaps in seen.items()}

    def tree(self, sentence: str) -> str:
        """The linearised tree over the words, each as the leaf XX."""
        best = self._best
        gaps = [next(best[key] for key in keys if key in best) for keys in _gaps(sentence)]
        return " ".join(" XX ".join(gaps).split())


def _gaps(sentence: str) -> Iterator[list[tuple[str, ...]]]:
    """Yields the keys of each gap, the longest first; gaps are before, between and after words."""
    words = [_EDGE, _EDGE, *sentence.lower().split(), _EDGE, _EDGE]
    for i in range(2, len(words) - 1):
        before, left, right, after = words[i - 2 : i + 2]
        yield [
            (before, left, right, after),
            (left, right, after),
            (left, right),
            ("3", left[-3:], "", right[-3:], ""),
            ("2", left[-2:], "", right[-2:], ""),
            (),
        ]
