"""LibriSpeech, from the user's copy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
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
from t2t_multimodel.problems.corpora import librispeech
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import librispeech_tiny

_PAGE = inspect.cleandoc("""
    LibriSpeech, which https://www.openslr.org/12 offers to everybody. Put into FOLDER or
    FOLDER/librispeech, as tar files or unpacked (LibriSpeech/train-clean-100/...), then pass
    --raw_dir=FOLDER:
      train-clean-100.tar.gz    6.3 GB  100 hours
      train-clean-360.tar.gz    23 GB   364 hours; of the three of train one is enough
      train-other-500.tar.gz    30 GB   497 hours
      dev-clean.tar.gz          337 MB
      test-clean.tar.gz         346 MB
    Unpacked files are read faster, by several workers at once.
""")


@register_vocabulary("librispeech")
class LibriSpeechVocabulary(Vocabulary):
    """8,192 sub-words of the transcripts of the train sets."""

    size = 8192

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The words of each train utterance."""
        return librispeech.words(_root(raw_dir), "train", _PAGE)

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Transcripts and folders of train, or its tar files."""
        return librispeech.source_files(_root(raw_dir), "train", _PAGE)


@register_problem("librispeech")
class LibriSpeech(Problem):
    """Read English books to their words: LibriSpeech (Panayotov et al. 2015), up to 960 hours.

    281,241 train utterances with all three sets of train, fewer with fewer; 2,703 dev (dev-clean)
    and 2,620 test (test-clean). Targets are lower-case words without punctuation. CC BY 4.0.
    """

    # train has nothing beyond 24.6 s, but test-clean goes up to 34.96 s, and all of it counts
    inputs = Audio(rate=16_000, form="log_mel", n_mels=80, max_seconds=35, mask=0.15)
    targets = Text(vocab="librispeech", max_length=200)
    metrics = ("wer", "cer")
    splits = ("train", "dev", "test")
    train_shards = 128
    declared = Declared(
        examples={"train": 281_241, "dev": 2_703, "test": 2_620},
        inputs_length=1_230,  # 961 hours by 281,241
        targets_length=43,
    )
    how_to_get = _PAGE

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[str]:
        """Speakers, or tar files.

        Raises:
            UserError: raw_dir lacks the sets of the split.
        """
        return librispeech.parts(_root(raw_dir), split, self.how_to_get)

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """FLAC files, or paths of them, with the words in them."""
        for origin, sound, words in librispeech.read(_root(raw_dir), part):
            yield {"inputs": sound, "targets": words, "origin": origin}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Tar files, or transcripts and folders of chapters."""
        root = _root(raw_dir)
        return [
            path
            for split in self.splits
            for path in librispeech.source_files(root, split, self.how_to_get)
        ]

    def tiny(self, folder: Path) -> None:
        """A few made utterances in folders and in a tar file."""
        librispeech_tiny.write_sets(folder)


def _root(raw_dir: Path | None) -> Path:
    return own_folder(raw_dir, "librispeech", _PAGE)
