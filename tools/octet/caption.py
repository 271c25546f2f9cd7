"""captions.npy.xz, captions.tsv.xz: emoji of two vendors at 32 px with English names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from t2t_multimodel.problems.corpora import emoji
from t2t_multimodel.problems.formats.packages import CLDR, EMOJI, locate
from tools.octet.store import write_array, write_table

SIZE = 32
SPLITS = ("train", "dev", "test", "test_unseen")


def build(packages: Path, data: Path) -> None:
    """All named emoji, ordered by split, then vendor, then code points."""
    cldr, *vendors = locate(packages, [CLDR, *EMOJI.values()])
    names = emoji.read_names(cldr, "en")
    drawings = [
        (emoji.split_of_drawing(vendor, drawing.unified), vendor, drawing)
        for vendor, package in zip(EMOJI, vendors, strict=True)
        for drawing in emoji.read_drawings(package, vendor, names, SIZE)
    ]
    drawings.sort(key=lambda item: (SPLITS.index(item[0]), item[1]))
    write_array(data / "captions.npy.xz", np.stack([drawing.pixels for _, _, drawing in drawings]))
    write_table(
        data / "captions.tsv.xz",
        ("split", "vendor", "unified", "name"),
        [(split, vendor, item.unified, item.name) for split, vendor, item in drawings],
    )
