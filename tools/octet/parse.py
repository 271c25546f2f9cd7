"""parse.tsv.xz: English sentences of the other octet sources with silver bracketings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel.problems.corpora import amazon_queen, libreoffice
from t2t_multimodel.problems.formats import alignment
from t2t_multimodel.problems.formats.packages import AMAZON_QUEEN, LIBREOFFICE_HELP, locate
from t2t_multimodel.problems.formats.split import draw, normalise
from tools.octet import link_grammar
from tools.octet.link_grammar import SilverTree
from tools.octet.store import read_table, write_table

WORDS = range(4, 21)
MOST = {"train": None, "dev": 500, "test": 500}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ',;:-]+[.!?]")


class Sentence(NamedTuple):
    """A candidate: where it comes from decides its split."""

    split: str
    source: str
    text: str


def build(packages: Path, data: Path) -> None:
    """Sentences with a complete linkage and a verb phrase, in the order of splits and sources."""
    candidates = keep_apart(list(collect(packages)), data)
    trees = link_grammar.parse([sentence.text for sentence in candidates])
    found = {text: tree for text, tree in trees.items() if "(VP" in tree.tree}
    rows = []
    for split, most in MOST.items():
        part = [item for item in candidates if item.split == split and item.text in found]
        kept = set(sorted(part, key=lambda item: draw(f"sentence {item.text}"))[:most])
        rows += [_row(item, found[item.text]) for item in part if item in kept]
    write_table(data / "parse.tsv.xz", ("split", "source", "words", "tree"), rows)


def _row(sentence: Sentence, tree: SilverTree) -> tuple[str, str, str, str]:
    return sentence.split, sentence.source, tree.words, tree.tree


def collect(packages: Path) -> Iterator[Sentence]:
    """Full sentences of plain characters, with the splits of octet_ende and octet_speech."""
    help_package, game = locate(packages, [LIBREOFFICE_HELP["en"], AMAZON_QUEEN])
    texts = [
        (libreoffice.split_of_page(page), "libreoffice", block.text)
        for page, blocks in libreoffice.read_pages(help_package, "en").items()
        for block in blocks
        if not libreoffice.is_template(block.text)
    ] + [
        (amazon_queen.split_of_text(item.text), "amazon_queen", item.text)
        for item in amazon_queen.utterances(amazon_queen.read_archive(game))
    ]
    for split, source, text in texts:
        for sentence in alignment.sentences(text):
            if alignment.n_words(sentence) in WORDS and _PLAIN.fullmatch(sentence):
                yield Sentence(split, source, sentence)


def keep_apart(candidates: list[Sentence], data: Path) -> list[Sentence]:
    """Each sentence once, and none in train that any octet problem tests, or the other way round.

    Sentences that differ in case and punctuation alone are one (`normalise`).
    """
    trained, held_out = _other_texts(data)
    taken: set[str] = set()
    kept = []
    for split in ("train", "test", "dev"):
        for item in candidates:
            key = normalise(item.text)
            elsewhere = held_out if split == "train" else trained
            if item.split == split and key not in taken and key not in elsewhere:
                taken.add(key)
                kept.append(item)
    return kept


def _other_texts(data: Path) -> tuple[set[str], set[str]]:
    """Normalised English of translation and speech: of train, and of all other splits."""
    trained: set[str] = set()
    held_out: set[str] = set()
    for table, column in (("translation", "en"), ("speech", "text")):
        for row in read_table(data / f"{table}.tsv.xz"):
            (trained if row["split"] == "train" else held_out).add(normalise(row[column]))
    return trained, held_out
