"""Wall Street Journal speech, from the user's discs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import (
    Audio,
    Declared,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.problems.corpora import wsj
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import wsj_tiny

_PAGE = inspect.cleandoc("""
    Two corpora that the Linguistic Data Consortium (https://www.ldc.upenn.edu) licenses:
      LDC93S6A or LDC93S6B    CSR-I (WSJ0), discs 11-1.1 to 11-15.1, about 9 GB (B: 5 GB)
      LDC94S13A or LDC94S13B  CSR-II (WSJ1), discs 13-1.1 to 13-34.1, about 18 GB (B: 9 GB)
    Copy the discs, or link them, into FOLDER or FOLDER/wsj_speech, then pass --raw_dir=FOLDER:
      11-1.1/wsj0/si_tr_s/...  13-1.1/wsj1/si_tr_s/...    recordings, *.wv1
      11-13.1/wsj0/doc/indices/...  13-34.1/wsj1/doc/indices/...    lists, *.ndx
      11-13.1/wsj0/transcrp/...  13-34.1/wsj1/trans/...             transcripts, *.dot
    Names of discs, and upper or lower case, do not matter; below wsj0 and wsj1 all must be as it
    was. Files compressed by shorten are read as they are; a .wav or .flac in place of a .wv1 too.
""")


@register_vocabulary("wsj_speech")
class WsjSpeechVocabulary(Vocabulary):
    """8,192 sub-words of the transcripts of si284."""

    size = 8192

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The words of each utterance of si284."""
        for utterance in _discs(raw_dir).utterances("train"):
            if isinstance(utterance.words, str):
                yield utterance.words

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Index files and transcripts."""
        wsj.find_discs.cache_clear()  # the files as they are now, from here on
        discs = _discs(raw_dir)
        return [*discs.indexes.values(), *discs.transcripts]


@register_problem("wsj_speech")
class WsjSpeech(Problem):
    """Read English news to its words: Wall Street Journal speech (CSR-I and CSR-II), 81 hours.

    37,416 train utterances (si284), 503 dev (dev93) and 333 test (eval92) by the close microphone.
    Targets are lower-case words as `corpora/wsj.py` normalises them. Licensed by the Linguistic
    Data Consortium.
    """

    inputs = Audio(rate=16_000, form="log_mel", n_mels=80, max_seconds=25, mask=0.15)
    targets = Text(vocab="wsj_speech", max_length=160)
    metrics = ("wer", "cer")
    splits = ("train", "dev", "test")
    train_shards = 32
    declared = Declared(
        examples={"train": 37_416, "dev": 503, "test": 333},
        inputs_length=780,  # 81 hours by 37,416
        targets_length=24,
    )
    how_to_get = _PAGE

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Paths of recordings with the words in them.

        Raises:
            UserError: raw_dir lacks a disc that is needed.
        """
        for origin, sound, words in _discs(raw_dir).utterances(split):
            yield {"inputs": sound, "targets": words, "origin": origin}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Index files, transcripts, and the folders of recordings."""
        wsj.find_discs.cache_clear()  # the files as they are now, from here on
        return _discs(raw_dir).source_files()

    def tiny(self, folder: Path) -> None:
        """A few made utterances on discs of the same layout."""
        wsj_tiny.write_discs(folder)


@register_problem("wsj_speech_characters")
class WsjSpeechCharacters(WsjSpeech):
    """Read English news to characters: as wsj_speech, letter by letter."""

    targets = Text(vocab="english_characters", max_length=400)
    declared = Declared(
        examples={"train": 37_416, "dev": 503, "test": 333}, inputs_length=780, targets_length=104
    )


def _discs(raw_dir: Path | None) -> wsj.Discs:
    return wsj.find_discs(own_folder(raw_dir, "wsj_speech", _PAGE), _PAGE)
