"""Speech: lines of an adventure game."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Audio, Problem, Text, register_problem
from t2t_multimodel.problems.corpora import amazon_queen
from t2t_multimodel.problems.formats.split import normalise
from t2t_multimodel.problems.octet import vendored


@register_problem("octet_speech")
class OctetSpeech(Problem):
    """English speech of many actors: 2,650 lines, 1.7 hours, of Flight of the Amazon Queen.

    2,200 train, 150 dev and 300 test clips of 0.6 to 4.5 seconds, drawn from the game's 6,544.
    All clips of one text are in one split; actors, above all the lead, speak in several. Targets
    are lower-case words without punctuation. The clips are a marked subset of a work by John
    Passfield and Steven Stamatiadis, whose licence allows any use without a fee.
    """

    inputs = Audio(rate=amazon_queen.SAMPLE_RATE, form="log_mel", n_mels=40, mask=0.15)
    targets = Text(vocab="octet", max_length=64)
    metrics = ("wer", "cer")
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """MP3 streams with the words said in them."""
        with vendored.clips() as clips:
            for row in vendored.table("speech", split):
                yield {
                    "inputs": clips.read(f"{row['clip']}.mp3"),
                    "targets": normalise(row["text"]),
                }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored clips and their texts."""
        return [vendored.path("speech.zip"), vendored.path("speech.tsv.xz")]
