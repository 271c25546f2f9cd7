"""SentencePiece vocabularies: trained on a bounded sample, named, fingerprinted, reversible."""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece

from t2t_multimodel import registry
from t2t_multimodel.data import reading
from t2t_multimodel.data.files import remove_abandoned, written_by_rename
from t2t_multimodel.data.fingerprint import files_facts, fingerprint
from t2t_multimodel.data.sample import sampled
from t2t_multimodel.data.used_code import code_of, used_code
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.features import EOS_ID, PAD_ID, BadValue
from t2t_multimodel.features.text import check_text
from t2t_multimodel.problem import Problem
from t2t_multimodel.vocabulary import Vocabulary

UNK_ID = 2
_FORMAT = "1"


class SubwordTokenizer:
    """A trained vocabulary. Byte fallback: every string comes back as it was.

    But for U+2581, which SentencePiece takes for a blank.
    """

    def __init__(self, name: str, model: bytes) -> None:
        """
        Args:
            name: of the vocabulary.
            model: a serialised SentencePiece model.
        """
        self.name, self.model = name, model
        self._processor = sentencepiece.SentencePieceProcessor()
        self._processor.LoadFromSerializedProto(model)
        self.size = self._processor.GetPieceSize()
        pieces = [self._processor.IdToPiece(i) for i in range(self.size)]
        digest = hashlib.sha256("\n".join(pieces).encode()).hexdigest()[:8]
        self.identity = f"{name}-{self.size}-{digest}"
        self.symbols = {
            piece: i
            for i, piece in enumerate(pieces)
            if self._processor.IsControl(i) and i not in (PAD_ID, EOS_ID)
        }
        self._symbol_of = {i: piece for piece, i in self.symbols.items()}

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        """Text to ids, without the end.

        Args:
            text: any string.
            symbols: words equal to a control symbol take its id.
        """
        if not symbols:
            return self._processor.EncodeAsIds(text)
        ids: list[int] = []
        words: list[str] = []
        for word in text.split():
            if word in self.symbols:
                ids += self._processor.EncodeAsIds(" ".join(words)) if words else []
                ids.append(self.symbols[word])
                words = []
            else:
                words.append(word)
        return ids + (self._processor.EncodeAsIds(" ".join(words)) if words else [])

    def decode(self, ids: list[int]) -> str:
        """Ids to text; padding and everything after the end is dropped."""
        parts: list[str] = []
        run: list[int] = []
        for i in ids:
            if i == EOS_ID:
                break
            if i in self._symbol_of:
                parts += [self._processor.DecodeIds(run)] if run else []
                parts.append(self._symbol_of[i])
                run = []
            elif i != PAD_ID:
                run.append(i)
        parts += [self._processor.DecodeIds(run)] if run else []
        return " ".join(parts)

    def pieces(self, ids: list[int]) -> list[str]:
        """The sub-word of each id as SentencePiece writes it, U+2581 before a word."""
        return [self._processor.IdToPiece(i) for i in ids]

    def spelling(self) -> np.ndarray:
        """The UTF-8 bytes of each piece, zeros behind; reserved ids have none.

        Returns:
            uint8 [size, bytes of the longest piece]
        """
        spellings = [self._bytes(i) for i in range(self.size)]
        table = np.zeros((self.size, max(map(len, spellings))), np.uint8)
        for row, spelling in zip(table, spellings, strict=True):
            row[: len(spelling)] = list(spelling)
        return table

    def _bytes(self, i: int) -> bytes:
        piece = self._processor.IdToPiece(i)
        if self._processor.IsByte(i):  # <0x41>
            return bytes([int(piece[1:-1], 16)])
        if self._processor.IsControl(i) or self._processor.IsUnknown(i):
            return b""
        return piece.replace("\u2581", " ").encode()


def read_tokenizer(path: Path) -> SubwordTokenizer:
    """The vocabulary in a `.model` file, named as the file is.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return SubwordTokenizer(path.stem, path.read_bytes())
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"{path} is damaged: it is no SentencePiece model.",
            fix="Copy it again from where it came.",
        ) from error


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
    if not path.is_file():
        _train_into(path, vocabulary, size, raw_dir, facts, report, asked_by)
    elif why := fault(path):
        report(f"{path} {why}; it is made again.")
        _train_into(path, vocabulary, size, raw_dir, facts, report, asked_by)
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


def _train_into(
    path: Path,
    vocabulary: Vocabulary,
    size: int,
    raw_dir: Path | None,
    facts: dict[str, Any],
    report: Callable[[str], None],
    asked_by: str,
) -> None:
    """Writes the model, then the file beside it that proves it whole."""
    begin = time.monotonic()
    found = reading.guarded(
        lambda: vocabulary.text(raw_dir), f"Vocabulary {vocabulary.name!r}", "texts"
    )
    texts = Texts(found)
    model = train(texts, size, vocabulary.symbols, vocabulary.name)
    if texts.left_out:
        of = f" of problem {asked_by!r}" if asked_by else ""
        report(f"vocabulary {vocabulary.name!r}{of}: {texts.told}")
    with written_by_rename(path) as file:
        file.write(model)
    about = {"made_from": facts, "sha256": hashlib.sha256(model).hexdigest()}
    with written_by_rename(path.with_suffix(".json")) as file:
        file.write(json.dumps(about, indent=2).encode())
    report(f"vocabulary {path.stem}: {len(model) / 1e6:.1f} MB, {time.monotonic() - begin:.1f} s")


class Texts:
    """Texts without those that are none, such as the empty cells of a table: these are counted."""

    def __init__(self, found: Iterable[Any]) -> None:
        self._found = found
        self.left_out = 0
        self._first = ""

    def __iter__(self) -> Iterator[str]:
        for number, text in enumerate(self._found, start=1):
            try:
                if not isinstance(text, str) or text.strip():
                    check_text(text)
            except BadValue as error:
                self.left_out += 1
                shown = printable(repr(text))
                self._first = self._first or f"number {number:,} ({shown:.60}): {error}"
            else:
                yield text

    @property
    def told(self) -> str:
        """How many were left out, and the first of them with its number and the reason."""
        return f"{self.left_out:,} text(s) left out, e.g. {self._first}"


def fault(path: Path) -> str:
    """Tells what is wrong with a model file; "" if nothing is."""
    try:
        expected = json.loads(path.with_suffix(".json").read_bytes())["sha256"]
    except (OSError, ValueError, KeyError):
        return "has no checksum beside it"
    right = hashlib.sha256(path.read_bytes()).hexdigest() == expected
    return "" if right else "is damaged"


def train(texts: Iterable[str], size: int, symbols: tuple[str, ...], name: str) -> bytes:
    """Trains a byte-pair SentencePiece model; the same texts in any order give the same pieces.

    Memory is bounded (`sample.MOST_BYTES`), whatever the size of the corpus.

    A corpus too small for `size` pieces yields fewer.

    Raises:
        UserError: there is no text, or `size` can not hold the bytes, symbols and characters.
    """
    sample = sampled(texts)
    if not sample:
        why = f": {texts.told}" if isinstance(texts, Texts) and texts.left_out else ""
        raise UserError(f"Vocabulary {name!r} has no text to learn from{why}.")
    buffer = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.Train(
            sentence_iterator=iter(sample),
            model_writer=buffer,
            model_type="bpe",
            vocab_size=size,
            hard_vocab_limit=False,  # a small corpus yields fewer pieces than asked for
            byte_fallback=True,
            character_coverage=0.9995,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            control_symbols=list(symbols),
            num_threads=16,
            pad_id=PAD_ID,
            eos_id=EOS_ID,
            unk_id=UNK_ID,
            bos_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rpartition("] ")[2].strip()
        raise UserError(
            f"Vocabulary {name!r} of {size} ids can not be trained on {len(sample)} texts: {reason}"
        ) from error
    return buffer.getvalue()
