"""CocoCaptions: pictures with one or more captions, listed in JSON as COCO does."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from t2t_multimodel.features import BadValue, Feature, Image, Text
from t2t_multimodel.problems.corpora.coco import read_captions
from t2t_multimodel.sources.naming import file_of_split, with_ending
from t2t_multimodel.sources.split_files import Rows, SplitFiles


class CocoCaptions(SplitFiles):
    """`captions_train.json` with `images` and `annotations`, and the pictures in `images/`.

        @register_problem("my_captions")
        class MyCaptions(CocoCaptions):
            '''Pictures to captions.'''
            inputs = Image(64, 64, encoded=True)

    The JSON may lie in `annotations/`, too. Each caption of a picture may be drawn in training.
    """

    inputs: ClassVar[Feature] = Image(64, 64)
    targets: ClassVar[Feature] = Text(several=True)
    metrics = ("caption_bleu4", "cider", "rouge_l")
    images: ClassVar[str] = "images"
    """Folder of the pictures, below that of the raw files; `{split}` stands for the split."""

    def files(self, split: str, folder: Path) -> list[Path]:
        for place in (folder, folder / "annotations"):
            found = with_ending(place, ("json",)) if place.is_dir() else []
            one = file_of_split(found, split, self.stems.get(split, ""))
            if one:
                return [one]
        return []

    def rows(self, split: str, folder: Path) -> Rows:
        (listed,) = self.files(split, folder)
        place = folder / self.images.format(split=split)
        for item in read_captions(listed):
            picture: Path | BadValue = place / item.file
            texts: list[str] | BadValue = []
            if isinstance(item.captions, BadValue):  # datagen leaves the record out and names it
                picture = texts = item.captions
            else:
                texts = [text for text in item.captions if text is not None]
            yield (item.file, {"inputs": picture, "targets": texts, "origin": item.file})

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The lists of captions, and the folders of the pictures, which count by their names."""
        listed = super().source_files(raw_dir)
        assert raw_dir is not None  # else it has raised
        places = {raw_dir / self.images.format(split=split) for split in self.splits}
        return [*listed, *sorted(place for place in places if place.is_dir())]

    def layout(self, split: str) -> str:
        return f"file captions_{self.stems.get(split, split)}.json"
