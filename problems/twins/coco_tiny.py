"""A few made photographs with captions in the layout of COCO."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from t2t_multimodel.problems.twins.made_pictures import COLOURS, photograph

IMAGES = {"train2014": 20, "val2014": 12}
_PLACES = ("left", "right", "middle")
_SPLITS = ("val", "test", "restval", "test")
"""The images of val2014 get these splits in turn."""


def write_zips(folder: Path) -> None:
    """Images and captions in the zip files of 2014, and `dataset_coco.json` beside them."""
    with zipfile.ZipFile(folder / "annotations_trainval2014.zip", "w") as annotations:
        for name, count in IMAGES.items():
            with zipfile.ZipFile(folder / f"{name}.zip", "w") as images:
                for number in range(count):
                    path = f"{name}/{file_name(name, number)}"
                    images.writestr(path, photograph(*_scene(number), seed=number))
            contents = json.dumps(annotated(name)).encode()
            annotations.writestr(f"annotations/captions_{name}.json", contents)
    (folder / "dataset_coco.json").write_text(json.dumps(karpathy()))


def file_name(name: str, number: int) -> str:
    """Names an image as COCO does."""
    return f"COCO_{name}_{number:012d}.jpg"


def captions(number: int) -> list[str]:
    """Five captions of an image, not all of them tidy."""
    colour, place = _scene(number)
    return [
        f"A {colour} square in the {place} of a grey field.",
        f"a {colour} square\non the {place} side",
        f"There is a {colour} box.  ",
        f"{colour} paint on a wall",
        f"a picture of something {colour}",
    ]


def annotated(name: str) -> dict[str, Any]:
    """The contents of `captions_train2014.json`."""
    numbers = range(IMAGES[name])
    images = [
        {"id": number, "file_name": file_name(name, number), "height": 48, "width": 64}
        for number in numbers
    ]
    annotations = [
        {"id": 10 * number + k, "image_id": number, "caption": caption}
        for k in range(5)
        for number in numbers
        for caption in [captions(number)[k]]
    ]
    return {"info": {}, "images": images, "licenses": [], "annotations": annotations}


def karpathy() -> dict[str, Any]:
    """The contents of `dataset_coco.json`."""
    images = [
        {
            "filepath": name,
            "filename": file_name(name, number),
            "cocoid": number,
            "split": "train" if name == "train2014" else _SPLITS[number % len(_SPLITS)],
            "sentences": [{"raw": caption, "tokens": []} for caption in captions(number)],
        }
        for name, count in IMAGES.items()
        for number in range(count)
    ]
    return {"dataset": "coco", "images": images}


def _scene(number: int) -> tuple[str, str]:
    return list(COLOURS)[number % len(COLOURS)], _PLACES[number % len(_PLACES)]
