"""TIMIT, from the user's copy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import (
    Audio,
    Declared,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.problems.corpora import timit
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import timit_tiny

_PAGE = inspect.cleandoc("""
    TIMIT (LDC93S1, 440 MB), which the Linguistic Data Consortium licenses:
    https://catalog.ldc.upenn.edu/LDC93S1. Put its folder into FOLDER or FOLDER/timit, then pass
    --raw_dir=FOLDER:
      TIMIT/TRAIN/DR1/FCJF0/SX37.WAV, .PHN, .WRD, .TXT   462 speakers in DR1 to DR8
      TIMIT/TEST/DR1/FAKS0/...                           168 speakers
    Upper or lower case does not matter. The .WAV files are SPHERE files and are read as such.
""")
_COUNTS = {"train": 3_696, "dev": 400, "test": 192}


@register_vocabulary("timit_phones")
class TimitPhones(Vocabulary):
    """The 39 phone classes of Lee and Hon, an id each."""

    size = 340  # 3 reserved, 256 bytes, 39 phones, the blank and 24 letters; the rest never occurs
    symbols = timit.PHONES

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The names of the phones."""
        yield from timit.PHONES


@register_problem("timit")
class Timit(Problem):
    """Read English sentences to characters: TIMIT (Garofolo et al. 1993), 3 hours of training.

    3,696 train sentences, 400 dev and 192 test (the core test set), without the two sentences that
    every speaker read. Targets are lower-case words. Licensed by the Linguistic Data Consortium.
    """

    inputs = Audio(rate=16_000, form="log_mel", n_mels=80, max_seconds=10, mask=0.15)
    targets = Text(vocab="english_characters", max_length=128)
    metrics: ClassVar[tuple[str, ...]] = ("wer", "cer")
    splits = ("train", "dev", "test")
    declared = Declared(examples=_COUNTS, inputs_length=305, targets_length=43)
    how_to_get = _PAGE

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Paths of SPHERE files with the words in them.

        Raises:
            UserError: raw_dir lacks the corpus.
        """
        for sentence in self._sentences(raw_dir)[split]:
            yield {
                "inputs": sentence.sound,
                "targets": self._target(sentence),
                "origin": sentence.origin,
            }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Recordings and annotations."""
        timit.find_sentences.cache_clear()  # the files as they are now, from here on
        return list(timit.source_files(self._sentences(raw_dir)))

    def tiny(self, folder: Path) -> None:
        """A few made sentences in the same layout."""
        timit_tiny.write_corpus(folder)

    def _target(self, sentence: timit.Sentence) -> Any:
        return sentence.words()

    def _sentences(self, raw_dir: Path | None) -> dict[str, list[timit.Sentence]]:
        root = own_folder(raw_dir, "timit", self.how_to_get)
        return timit.find_sentences(root, self.how_to_get)


@register_problem("timit_phones")
class TimitPhoneRecognition(Timit):
    """Read English sentences to phones: TIMIT in the 39 classes of Lee and Hon (1989).

    Splits as timit. Targets are names of phones such as "sil sh iy"; a word error rate of these is
    the phone error rate that publications report.
    """

    targets = Text(vocab="timit_phones", max_length=80, symbols=True)
    metrics = ("wer",)
    declared = Declared(examples=_COUNTS, inputs_length=305, targets_length=38)

    def _target(self, sentence: timit.Sentence) -> Any:
        return sentence.phones()
