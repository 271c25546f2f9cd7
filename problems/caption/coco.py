"""COCO captions, from the user's copy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import (
    Declared,
    Image,
    Problem,
    Text,
    Vocabulary,
    register_problem,
    register_vocabulary,
)
from t2t_multimodel.problems.corpora import coco
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import coco_tiny

_PART = 500  # images that are read together
_PAGE = inspect.cleandoc("""
    COCO of 2014, which https://cocodataset.org/#download offers to everybody. Put into FOLDER or
    FOLDER/coco, as zip files or unpacked, then pass --raw_dir=FOLDER:
      train2014.zip                  13.5 GB, or the folder train2014/*.jpg
      val2014.zip                    6.6 GB, or the folder val2014/*.jpg
      annotations_trainval2014.zip   253 MB, or annotations/captions_{train,val}2014.json
    coco_caption, in Karpathy's split, needs in place of the annotations
      dataset_coco.json              144 MB, or caption_datasets.zip (37 MB) that holds it, from
                                     https://cs.stanford.edu/people/karpathy/deepimagesent
""")


@register_vocabulary("coco")
class CocoVocabulary(Vocabulary):
    """8,192 sub-words of the captions of train2014."""

    size = 8192

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """Each caption of an image of train2014."""
        yield from coco.train2014_captions(_root(raw_dir), _PAGE)

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The captions."""
        coco.forget()
        return coco.any_captions(_root(raw_dir), _PAGE)


@register_problem("coco_caption")
class CocoCaption(Problem):
    """Photographs to English captions: COCO of 2014 in Karpathy's split, at 299 px.

    113,287 train, 5,000 dev and 5,000 test images with five captions each. Training draws one of
    the captions and a part of the image each time; evaluation sees the whole image, and all
    captions are references. Annotations: CC BY 4.0; photographs: by their authors on Flickr.
    """

    inputs = Image(299, 299, encoded=True, crop=0.5)
    targets = Text(vocab="coco", max_length=96, several=True)
    metrics = ("cider", "caption_bleu4", "rouge_l", "bleu")
    splits: ClassVar[tuple[str, ...]] = ("train", "dev", "test")
    train_shards = 64
    declared = Declared(
        examples={"train": 113_287, "dev": 5_000, "test": 5_000},
        inputs_length=0,
        targets_length=13,
    )
    how_to_get = _PAGE

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[int]:
        """The first of each 500 images.

        Raises:
            UserError: raw_dir lacks the captions or the images.
        """
        self._places(_root(raw_dir))
        return range(0, len(self._items(raw_dir)[split]), _PART)

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Encoded photographs, or paths of them, with the list of their captions."""
        places = self._places(_root(raw_dir))
        for item in self._items(raw_dir)[split][part : part + _PART]:
            yield {
                "inputs": coco.read_image(places[item.folder], item),
                "targets": item.captions,
                "origin": f"{places[item.folder].name}: {item.file}",
            }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The captions, and the two zip files or folders of images."""
        coco.forget()
        root = _root(raw_dir)
        return [*self._captions(root), *self._places(root).values()]

    def tiny(self, folder: Path) -> None:
        """A few made photographs in the zip files of COCO."""
        coco_tiny.write_zips(folder)

    def _places(self, root: Path) -> dict[str, Path]:
        """Finds the folders in which the images of train2014 and val2014 lie."""
        return {name: coco.image_place(root, name, self.how_to_get) for name in coco.SETS}

    def _captions(self, root: Path) -> list[Path]:
        return [coco.karpathy_file(root, self.how_to_get)]

    def _items(self, raw_dir: Path | None) -> dict[str, list[coco.Captioned]]:
        return coco.karpathy_split(_root(raw_dir), self.how_to_get)


@register_problem("coco_caption_2014")
class CocoCaption2014(CocoCaption):
    """Photographs to English captions: COCO in its own split, train2014 and val2014, at 299 px.

    82,783 train and 40,504 test images, else as coco_caption; needs no file but COCO's own.
    """

    splits = ("train", "test")
    declared = Declared(
        examples={"train": 82_783, "test": 40_504}, inputs_length=0, targets_length=13
    )

    def _captions(self, root: Path) -> list[Path]:
        return coco.caption_files(root, self.how_to_get)

    def _items(self, raw_dir: Path | None) -> dict[str, list[coco.Captioned]]:
        return coco.standard_split(_root(raw_dir), self.how_to_get)


def _root(raw_dir: Path | None) -> Path:
    return own_folder(raw_dir, "coco", _PAGE)
