"""All voices of "Flight of the Amazon Queen", from the user's copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Audio, Problem, Text, register_problem
from t2t_multimodel.problems.corpora import amazon_queen
from t2t_multimodel.problems.formats.packages import AMAZON_QUEEN, download_page, locate
from t2t_multimodel.problems.formats.split import normalise


@register_problem("amazon_queen_speech")
class AmazonQueenSpeech(Problem):
    """English speech of many actors: the 6,544 lines, 4.5 hours, of an adventure game.

    All clips of one text are in one split, as in octet_speech. Targets are lower-case words
    without punctuation. Reads queen.1c, or the Debian package flight-of-the-amazon-queen, from
    raw_dir. The game is free to use, change and pass on, but not to sell.
    """

    inputs = Audio(rate=amazon_queen.SAMPLE_RATE, form="log_mel", n_mels=40)
    targets = Text(vocab="octet", max_length=128)
    metrics = ("wer", "cer")
    splits = ("train", "dev", "test")
    how_to_get = download_page([AMAZON_QUEEN], instead="queen.1c")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """MP3 streams with the words said in them.

        Raises:
            UserError: raw_dir lacks the game.
        """
        (path,) = self.source_files(raw_dir)
        archive = amazon_queen.read_archive(path)
        for item in amazon_queen.utterances(archive):
            words = normalise(item.text)
            if words and amazon_queen.split_of_text(item.text) == split:
                yield {"inputs": archive.read_clip(item.clip), "targets": words}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The archive or the package."""
        if raw_dir is not None and (raw_dir / "queen.1c").is_file():
            return [raw_dir / "queen.1c"]
        return locate(raw_dir, [AMAZON_QUEEN], instead="queen.1c")

    def tiny(self, folder: Path) -> None:
        """A queen.1c with 100 lines, spoken as tones."""
        (folder / "queen.1c").write_bytes(amazon_queen.tiny_archive())
