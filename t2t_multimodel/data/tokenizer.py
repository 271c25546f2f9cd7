"""A trained SentencePiece vocabulary: text to ids, and back to the same text."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import sentencepiece

from t2t_multimodel.errors import UserError
from t2t_multimodel.features import EOS_ID, PAD_ID

UNK_ID = 2


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
