"""What the page shows of a problem, gathered from its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from t2t_multimodel.check.look import Encoded, SplitLook
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.errors import BadValue, foreign
from t2t_multimodel.features import Feature, Shown, Tokenizer
from t2t_multimodel.features.people import PICTURE
from t2t_multimodel.inspect_page.near import MOST_COMPARED, words_only
from t2t_multimodel.inspect_page.tree import drawn
from t2t_multimodel.report.page import Cell, Media, Pieces, Stack

_MOST_PIECES = 400
_BLANK = "\u2581"  # of SentencePiece, before a word


@dataclass(frozen=True)
class ShownExample:
    """One example as a person sees it."""

    number: int
    """`number` is its place in the split, from 1."""
    inputs: Cell
    targets: Cell
    value: Any
    """The inputs as `examples` yields them, for a model."""
    source: str
    """The text of the inputs; empty for others."""


@dataclass
class Gathered:
    """One split of a problem."""

    look: SplitLook
    shown: list[ShownExample] = field(default_factory=list)
    forms: list[str | np.ndarray] = field(default_factory=list)
    """The inputs of the first examples in the form in which they are compared."""
    numbers: list[int] = field(default_factory=list)
    """The number of each of them, from 1."""


def gather(subject: Subject, split: str, count: int) -> Gathered:
    """Looks at a split, and keeps `count` examples of it, evenly spaced.

    Raises:
        NotChecked: the class is not declared, or a vocabulary can not be had.
    """
    look = subject.look(split)
    found = Gathered(look)
    places = set(np.linspace(0, len(look.taken) - 1, min(count, len(look.taken))).astype(int))
    chosen = {look.taken[place] for place in places}
    last = max([*chosen, MOST_COMPARED])
    for number, (_, example) in enumerate(subject.looker.read(split)):
        if number > last or number >= look.read:
            break
        wanted = number in chosen
        if not wanted and number >= MOST_COMPARED:
            continue
        encoded = subject.looker.encoded(example)
        if not encoded.is_taken:
            continue
        if wanted:
            found.shown.append(_shown(subject, number + 1, example, encoded))
        form = _form(subject, encoded)
        if form is not None and number < MOST_COMPARED:
            found.forms.append(form)
            found.numbers.append(number + 1)
    return found


def inputs_of(subject: Subject, split: str, numbers: Sequence[int]) -> dict[int, Cell]:
    """The inputs of the examples with these numbers, from 1, which are read once more."""
    wanted, cells = set(numbers), {}
    feature, tokenizer = subject.problem.inputs, _tokenizer(subject, "inputs")
    for number, (_, example) in enumerate(subject.looker.read(split), start=1):
        if number in wanted:
            stored = subject.looker.encoded(example).arrays["inputs"]
            cells[number] = _cell(feature, example["inputs"], stored, tokenizer)
        if len(cells) == len(wanted):
            break
    return cells


def _form(subject: Subject, encoded: Encoded) -> str | np.ndarray | None:
    feature, tokenizer = subject.problem.inputs, _tokenizer(subject, "inputs")
    stored = feature.each(encoded.arrays["inputs"].reshape(feature.stored_shape()))[0]
    try:
        with foreign(BadValue):
            form = feature.simple(feature.decode(stored, tokenizer))
    except BadValue:
        return None
    return words_only(form) if isinstance(form, str) else form


def _tokenizer(subject: Subject, name: str) -> Tokenizer | None:
    return subject.problem.tokenizer(name, dict(subject.tokenizers))


def _shown(subject: Subject, number: int, example: Any, encoded: Encoded) -> ShownExample:
    problem = subject.problem
    source = " ".join(problem.inputs.texts(example["inputs"])[:1])
    cells = {
        name: _cell(feature, example[name], encoded.arrays[name], _tokenizer(subject, name))
        for name, feature in problem.features.items()
    }
    stored = encoded.arrays["targets"].reshape(problem.targets.stored_shape())
    words = problem.targets.words(stored, _tokenizer(subject, "targets"))
    tree = tree_of(subject, words, source)
    targets = Stack((cells["targets"], tree)) if tree else cells["targets"]
    return ShownExample(number, cells["inputs"], targets, example["inputs"], source)


def tree_of(subject: Subject, words: str, source: str) -> Media | None:
    """The drawing of a target or an output that is a tree; None for all others."""
    grammar = getattr(subject.problem.targets, "grammar", None)
    if grammar is None and "bracket_f1" not in subject.problem.metrics:
        return None
    return drawn(words, source, grammar)


def _cell(feature: Feature, value: Any, array: np.ndarray, tokenizer: Tokenizer | None) -> Cell:
    stored = array.reshape(feature.stored_shape())
    pieces = [feature.pieces(one, tokenizer) for one in feature.each(stored)]
    texts = [_pieces(one) for one in pieces if one]
    if texts:
        return texts[0] if len(texts) == 1 else Stack(tuple(texts))
    try:
        with foreign(BadValue):
            shown = feature.shown_value(value)
    except BadValue:
        shown = feature.shown(stored, tokenizer)
    if not shown.data:
        return shown.words
    cell = Media(shown.type, shown.data, shown.words)
    if shown.type.startswith("audio/"):
        picture = _spectrogram(feature, value, stored, tokenizer)
        if picture is not None:
            return Stack((cell, Media(picture.type, picture.data, picture.words)))
    return cell


def _spectrogram(
    feature: Feature, value: Any, stored: np.ndarray, tokenizer: Tokenizer | None
) -> Shown | None:
    shown = feature.shown(stored, tokenizer)
    if shown.type == PICTURE:
        return shown
    return feature.spectrogram(value)


def _pieces(pieces: list[str]) -> Pieces:
    cut = [*pieces[:_MOST_PIECES], *(["..."] if len(pieces) > _MOST_PIECES else [])]
    return Pieces(tuple(one.replace(_BLANK, " ") for one in cut))
