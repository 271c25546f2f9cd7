"""The part of a feature that meets people: how they write a value, and how they are shown one."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from t2t_multimodel.features.lacking import lacks
from t2t_multimodel.features.stored import Stored, Tokenizer

Medium = Literal["text", "image", "audio", "file"]
TEXT, PICTURE, SOUND = "text/plain", "image/png", "audio/wav"
"""Types in which a value is shown."""


class Shown(NamedTuple):
    """A value as a report shows it."""

    words: str
    """The text itself, or the kind of picture or sound: "picture 28x28"."""
    type: str = TEXT
    """text/plain, image/png or audio/wav."""
    data: bytes = b""
    """The file; empty for text."""


class ForPeople(Stored):
    """Reads what people write for a feature, and shows the feature to them."""

    medium: ClassVar[Medium] = "text"
    """The medium that people give: a line of text, or a file (an image, a sound, another kind)."""
    hint: ClassVar[str] = ""
    """A hint on what to write, for text; the server's page shows it in an empty field."""

    def parse(self, given: str | bytes) -> Any:
        """A line of mm-decode or the input of a request, as `encode` takes it.

        Args:
            given: the line (for files: their path), or the bytes of a file.

        Raises:
            ValueError: it is no value of this feature.
        """
        raise lacks(self, "parse", "so that mm-decode and mm-serve can read its values")

    def check_parses(self) -> None:
        """Raises `UserError` if the class does not define `parse`."""
        if type(self).parse is ForPeople.parse:
            self.parse("")

    def cut(self, array: np.ndarray, most: int) -> np.ndarray:
        """A value that was too long, shortened to a `length` of `most`."""
        return array[:most]

    def words(self, array: np.ndarray, tokenizer: Tokenizer | None) -> str:
        """A stored value, or an output of a model, as a line of text."""
        return " / ".join(str(one) for one in self.references(array, tokenizer))

    def shown(self, array: np.ndarray, tokenizer: Tokenizer | None) -> Shown:
        """A stored value as a report shows it."""
        return Shown(self.words(array, tokenizer))

    def beside(self, words: str, source: str) -> str:
        """`words` of a target or an output as a person reads them beside the text of the input."""
        return words

    def shown_value(self, value: Any) -> Shown:
        """A value as `Problem.examples` yields it, without a vocabulary, as a person is shown it.

        Raises:
            Exception: it is no value of this feature; of our own features `BadValue`.
        """
        texts = self.texts(value)
        return Shown(" / ".join(texts)) if texts else self.shown(self.encode(value, None), None)

    def spectrogram(self, value: Any) -> Shown | None:
        """The spectrogram of a sound as `Problem.examples` yields it; None of other features."""
        return None

    def pieces(self, array: np.ndarray, tokenizer: Tokenizer | None) -> list[str] | None:
        """A word for each position of a value, where it has such words."""
        return None
