"""Captions of emoji at full size, from the user's packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Image, Problem, Text, register_problem
from t2t_multimodel.problems.corpora import emoji
from t2t_multimodel.problems.formats.packages import CLDR, EMOJI, download_page, locate
from t2t_multimodel.problems.twins.tiny_packages import write_npm


@register_problem("emoji_caption")
class EmojiCaption(Problem):
    """Emoji at 64 px to their English names: octet_caption at twice the resolution.

    Splits as there: `test` is an emoji known from one hand, drawn by another, `test_unseen` an
    emoji of which no drawing was seen. Reads the npm packages emoji-datasource-google,
    emoji-datasource-twitter and cldr-annotations-full (144 MB together) from raw_dir. Names: CLDR
    (Unicode licence); drawings: Twitter's CC BY 4.0, Google's Apache-2.0.
    """

    inputs = Image(64, 64, 3)
    targets = Text(vocab="octet", max_length=64)
    metrics = ("bleu",)
    splits = ("train", "dev", "test_unseen", "test")
    how_to_get = download_page([CLDR, *EMOJI.values()])

    def source_parts(self, split: str, raw_dir: Path | None) -> list[str]:
        """The vendors: each has a package of its own."""
        return list(EMOJI)

    def examples_of(self, part: str, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """One vendor's drawings uint8 [64, 64, 3] with the emoji's name.

        Raises:
            UserError: raw_dir lacks a package.
        """
        cldr, *vendors = self.source_files(raw_dir)
        package = vendors[list(EMOJI).index(part)]
        for drawing in emoji.read_drawings(package, part, emoji.read_names(cldr, "en")):
            if emoji.split_of_drawing(part, drawing.unified) == split:
                yield {
                    "inputs": drawing.pixels,
                    "targets": drawing.name,
                    "origin": f"{package.name}: {drawing.unified}",
                }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The packages of names and of both vendors' drawings."""
        return locate(raw_dir, [CLDR, *EMOJI.values()])

    def tiny(self, folder: Path) -> None:
        """The three packages with 80 emoji, drawn as squares."""
        write_npm(folder / CLDR.pattern, emoji.tiny_names("en"))
        for vendor, package in EMOJI.items():
            write_npm(folder / package.pattern, emoji.tiny_drawings(vendor))
