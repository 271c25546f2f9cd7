"""ImageNet, from the user's copy."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from t2t_multimodel import ClassLabel, Declared, Image, Problem, register_problem
from t2t_multimodel.problems.corpora import imagenet
from t2t_multimodel.problems.formats.folder import own_folder
from t2t_multimodel.problems.twins import imagenet_tiny

_PAGE = inspect.cleandoc("""
    ImageNet, ILSVRC 2012, for which https://image-net.org gives access on request for research.
    Put ONE of these into FOLDER or FOLDER/imagenet, then pass --raw_dir=FOLDER:
      train/n01440764/*.JPEG ...    1,000 class folders, 1,281,167 images, 138 GB, and beside them
      val/n01440764/*.JPEG ...      50,000 images, 6 GB, in class folders; or flat in val/, with
                                    ILSVRC2012_devkit_t12.tar.gz (3 MB), or LOC_val_solution.csv
                                    (Kaggle), or imagenet_2012_validation_synset_labels.txt
      the official files            ILSVRC2012_img_train.tar (138 GB), ILSVRC2012_img_val.tar
                                    (6 GB), ILSVRC2012_devkit_t12.tar.gz (3 MB); nothing unpacked
      train-00000-of-01024 ...      TFRecords of the Inception scripts, 144 GB, with
      validation-00000-of-00128 ... labels from 1 to 1000 as these write them
      imagenet2012/5.1.0/           as `tfds build imagenet2012` leaves it (156 GB), made from the
                                    two official tar files in its folder downloads/manual
    Encoded records take another 145 GB: photographs are kept as the JPEG files that they are.
""")


@register_problem("imagenet")
class ImageNet(Problem):
    """Photographs of 1,000 classes, 1.27 million of them: ImageNet (ILSVRC 2012) at 299 px.

    Training sees random parts of 8 to 100 % of the area, mirrored half of the time; evaluation the
    middle, 7/8 of the largest square. Test is the 50,000 validation images, which all
    publications report; dev is one in 128 of the train images. Labels from 0 to 999 are the places
    of the WordNet ids in alphabetical order. For research only; see image-net.org.
    """

    inputs = Image(299, 299, encoded=True, crop=0.08, flip=True, centre=0.875)
    targets = ClassLabel(imagenet.CLASSES)
    metrics = ("top1", "top5")
    splits = ("train", "dev", "test")
    train_shards = 256
    declared = Declared(
        examples={"train": 1_270_900, "dev": 10_200, "test": 50_000},  # dev: by layout, +-700
        inputs_length=0,
        targets_length=1,
    )
    how_to_get = _PAGE

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[str]:
        """Classes or record files.

        Raises:
            UserError: raw_dir lacks the images.
        """
        return self._layout(raw_dir).parts(split)

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Encoded photographs, or paths of them, with the number of their class."""
        for origin, image, label in self._layout(raw_dir).read(part, split):
            yield {"inputs": image, "targets": label, "origin": origin}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """Record and tar files, class folders, and files of labels."""
        _layout.cache_clear()  # the files as they are now, from here on
        return self._layout(raw_dir).files()

    def tiny(self, folder: Path) -> None:
        """A few made photographs in class folders."""
        imagenet_tiny.write_class_folders(folder)

    def _layout(self, raw_dir: Path | None) -> imagenet.Layout:
        return _layout(own_folder(raw_dir, "imagenet", self.how_to_get), self.how_to_get)


@register_problem("imagenet_224")
class ImageNet224(ImageNet):
    """ImageNet (ILSVRC 2012) at 224 px, else as imagenet."""

    inputs = Image(224, 224, encoded=True, crop=0.08, flip=True, centre=0.875)


@functools.lru_cache(maxsize=1)
def _layout(root: Path, how_to_get: str) -> imagenet.Layout:
    return imagenet.find_layout(root, how_to_get)
