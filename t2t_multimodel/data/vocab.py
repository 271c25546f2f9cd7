"""Vocabularies as files: which one a problem names, and where it lies or is trained into."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry, storage
from t2t_multimodel.data import reading
from t2t_multimodel.data.files import remove_abandoned, written_by_rename
from t2t_multimodel.data.fingerprint import files_facts, fingerprint
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.used_code import code_of, used_code
from t2t_multimodel.data.vocab_training import Texts, train
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import BadValue
from t2t_multimodel.problem import Problem
from t2t_multimodel.vocabulary import Vocabulary

_FORMAT = "1"


class OwnVocabulary(Vocabulary):
    """The vocabulary of one problem that names no other: learned from its train texts."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self.name = problem, problem.name

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        features = self._problem.features
        for piece in reading.pieces(self._problem, "train", 0, 1, raw_dir):
            found = reading.examples(self._problem, piece.part, "train", raw_dir)
            for number, example in enumerate(found):
                if number == 0:
                    self._problem.check_keys(example, "train", number)
                for name, feature in features.items():
                    with suppress(BadValue):  # such an example is left out and named by datagen
                        yield from feature.texts(example.get(name))

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        return self._problem.source_files(raw_dir)


def declared(name: str, problem: Problem) -> Vocabulary:
    """The vocabulary that a problem names: a registered one, or its own."""
    if name == problem.name and name not in registry.vocabularies.names():
        return OwnVocabulary(problem)
    return registry.vocabularies.get(name)()


def load_or_train(
    vocabulary: Vocabulary,
    data_dir: Path,
    raw_dir: Path | None,
    size: int | None,
    report: Callable[[str], None] = lambda line: None,
    *,
    asked_by: str = "",
) -> SubwordTokenizer:
    """The trained vocabulary from `data_dir`, trained now if it is not there or is damaged.

    Args:
        vocabulary: the declaration.
        data_dir: holds `vocab/<name>-<size>-<fingerprint>.model`.
        raw_dir: passed on to `Vocabulary.text`.
        size: number of ids; None takes the declared size.
        report: receives a line when it is trained, and one if texts of it were left out.
        asked_by: name of the problem that needs it, for that line.
    """
    size = size or vocabulary.size
    check_vocabulary(vocabulary, size)
    owner = vocabulary._problem if isinstance(vocabulary, OwnVocabulary) else vocabulary
    facts = {
        "format": _FORMAT,
        "size": size,
        "symbols": vocabulary.symbols,
        "code": code_of(owner) if isinstance(owner, Problem) else _code_of(owner),
        "files": reading.called(
            lambda: files_facts(vocabulary.source_files(raw_dir)),
            f"Vocabulary {vocabulary.name!r}, its raw files",
        ),
    }
    path = data_dir / "vocab" / f"{vocabulary.name}-{size}-{fingerprint(facts)}.model"
    remove_abandoned(path.parent)
    wanted = _Wanted(vocabulary, size, raw_dir, facts, asked_by)
    if not path.is_file():
        wanted.train_into(path, report)
    elif why := fault(path):
        report(f"{storage.shown(path)} {why}; it is made again.")
        wanted.train_into(path, report)
    return SubwordTokenizer(vocabulary.name, path.read_bytes())


MOST_IDS = 1 << 24
"""More ids than any model has; SentencePiece takes a 32-bit number."""
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


def check_vocabulary(vocabulary: Vocabulary, size: int) -> None:
    """Raises `UserError` for a size or a control symbol that no vocabulary can have."""
    if not 1 <= size <= MOST_IDS:
        raise UserError(
            f"Vocabulary {vocabulary.name!r} can not have {size:,} ids.",
            fix=f"Give from a few hundred to {MOST_IDS:,}; 8,192 is usual.",
        )
    for number, symbol in enumerate(vocabulary.symbols):
        why = ""
        if not isinstance(symbol, str) or not symbol:
            why = "it is no text"
        elif symbol in ("<pad>", "</s>", "<unk>", "<s>") or _BYTE.fullmatch(symbol):
            why = "SentencePiece has a meaning for it"
        elif symbol.split() != [symbol] or not symbol.isprintable() or "\u2581" in symbol:
            why = "a symbol is one word, without blanks, tabs and U+2581"
        elif symbol in vocabulary.symbols[:number]:
            why = "it is named twice"
        if why:
            raise UserError(
                f"Vocabulary {vocabulary.name!r}: {symbol!r} can be no symbol: {why}.",
                fix=f"Choose another in symbols of the class {type(vocabulary).__name__}.",
            )


def _code_of(vocabulary: Vocabulary) -> dict[str, str]:
    return used_code([type(vocabulary)], Vocabulary)


@dataclass(frozen=True)
class _Wanted:
    """A vocabulary that `data_dir` does not hold whole."""

    vocabulary: Vocabulary
    size: int
    raw_dir: Path | None
    facts: dict[str, Any]
    """The facts that it is made from."""
    asked_by: str
    """Name of the problem that needs it."""

    def train_into(self, path: Path, report: Callable[[str], None]) -> None:
        """Writes the model, then the file beside it that proves it whole."""
        begin, name = time.monotonic(), self.vocabulary.name
        found = reading.guarded(
            lambda: self.vocabulary.text(self.raw_dir), f"Vocabulary {name!r}", "texts"
        )
        texts = Texts(found)
        model = train(texts, self.size, self.vocabulary.symbols, name)
        if texts.left_out:
            of = f" of problem {self.asked_by!r}" if self.asked_by else ""
            report(f"vocabulary {name!r}{of}: {texts.told}")
        with written_by_rename(path) as file:
            file.write(model)
        about = {"made_from": self.facts, "sha256": hashlib.sha256(model).hexdigest()}
        with written_by_rename(path.with_suffix(".json")) as file:
            file.write(json.dumps(about, indent=2).encode())
        seconds = time.monotonic() - begin
        report(f"vocabulary {path.stem}: {len(model) / 1e6:.1f} MB, {seconds:.1f} s")


def fault(path: Path) -> str:
    """Tells what is wrong with a model file; "" if nothing is."""
    try:
        expected = json.loads(path.with_suffix(".json").read_bytes())["sha256"]
    except (OSError, ValueError, KeyError):
        return "has no checksum beside it"
    right = hashlib.sha256(path.read_bytes()).hexdigest() == expected
    return "" if right else "is damaged"
