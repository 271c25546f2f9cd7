"""Sentences of pages that exist in two or three languages, put side by side.

Two pages with the same path in two languages are aligned block by block: their lists of
`title h1 h2 h3 p` must agree in tag names, and then block i belongs to block i. A block is cut
into sentences; if both sides have equally many, sentence j belongs to sentence j, otherwise the
whole blocks are one pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from t2t_multimodel.problems.corpora.libreoffice import HelpBlock, is_template, split_of_page
from t2t_multimodel.problems.formats.split import normalise

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ\"'(„“”«‹‚‘])")
_WORDS = range(3, 61)  # an aligned sentence has so many words
_BLOCK_WORDS = (60, 70)  # the most words of a block paired whole: first, second language
_LENGTH_RATIO = (0.4, 2.5)  # characters, second over first language
_CLEAN_WORDS = range(4, 26)
_CLEAN_LETTERS = 0.75  # least share of the characters


class Pair(NamedTuple):
    """Two sentences of the same place on the same page, e.g. page `swriter/01/03120000`."""

    page: str
    first: str
    second: str


class Triple(NamedTuple):
    """One sentence in three languages."""

    page: str
    en: str
    de: str
    fr: str


Row = TypeVar("Row", Pair, Triple)


def align(first: dict[str, list[HelpBlock]], second: dict[str, list[HelpBlock]]) -> Iterator[Pair]:
    """All sentence pairs of two languages, page by page; repeated pairs are not removed."""
    for page in sorted(first.keys() & second.keys()):
        if [block.tag for block in first[page]] != [block.tag for block in second[page]]:
            continue
        for a, b in zip(first[page], second[page], strict=True):
            for one, other in _align_block(a.text, b.text):
                yield Pair(page, one, other)


def _align_block(first: str, second: str) -> Iterator[tuple[str, str]]:
    if not (first and second) or is_template(first) or is_template(second):
        return
    ones, others = sentences(first), sentences(second)
    if len(ones) == len(others):
        for one, other in zip(ones, others, strict=True):
            if n_words(one) in _WORDS and n_words(other) in _WORDS and _plausible(one, other):
                yield one, other
    elif n_words(first) <= _BLOCK_WORDS[0] and n_words(second) <= _BLOCK_WORDS[1]:
        if _plausible(first, second):
            yield first, second


def _plausible(first: str, second: str) -> bool:
    low, high = _LENGTH_RATIO
    return first != second and low <= len(second) / len(first) <= high


def sentences(text: str) -> list[str]:
    """`text` cut after `.`, `!` or `?` before a capital letter or an opening quote."""
    return _SENTENCE_END.split(text)


def n_words(text: str) -> int:
    """Words as separated by white space."""
    return len(text.split())


def join(en_de: list[Pair], en_fr: list[Pair]) -> Iterator[Triple]:
    """Triples: the pairs that share their English sentence on the same page."""
    french: dict[tuple[str, str], str] = {}
    for pair in en_fr:
        french.setdefault((pair.page, pair.first), pair.second)
    for pair in en_de:
        fr = french.get((pair.page, pair.first))
        if fr is not None and fr != pair.second:
            yield Triple(pair.page, pair.first, pair.second, fr)


def is_clean(triple: Triple) -> bool:
    """Sentences of 4 to 25 words that are mostly letters: no code, no tables of numbers."""
    texts = (triple.en, triple.de, triple.fr)
    return all(n_words(text) in _CLEAN_WORDS and _letters(text) >= _CLEAN_LETTERS for text in texts)


def _letters(text: str) -> float:
    """Share of letters among the visible characters."""
    dense = "".join(text.split())
    return sum(character.isalpha() for character in dense) / len(dense)


def split_by_page(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Pairs or triples by split, no page in two splits, and no sentence either.

    Equal rows are kept once. From test goes what has a sentence, in any language, that train has
    too, from dev what train or test has; case and punctuation do not count (`normalise`).
    """
    parts: dict[str, dict[tuple[str, ...], Row]] = {"train": {}, "dev": {}, "test": {}}
    for row in rows:
        parts[split_of_page(row[0])].setdefault(row[1:], row)
    taken: set[tuple[int, str]] = set()
    kept: dict[str, list[Row]] = {}
    for split in ("train", "test", "dev"):
        keys = {row: _keys(row) for row in parts[split].values()}
        kept[split] = [row for row in keys if taken.isdisjoint(keys[row])]
        taken.update(key for row in kept[split] for key in keys[row])
    return {split: kept[split] for split in parts}


def _keys(row: Pair | Triple) -> list[tuple[int, str]]:
    """(language number, normalised sentence) of each language."""
    return [(i, normalise(text)) for i, text in enumerate(row[1:])]
