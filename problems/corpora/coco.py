"""COCO captions (2014): 123,287 photographs with about five captions each.

Images lie in `train2014.zip` and `val2014.zip`, or in the folders unpacked from them; captions in
`annotations_trainval2014.zip`, or in its `annotations/captions_*2014.json`. The split that most
publications use (Karpathy and Fei-Fei 2015, arXiv 1412.2306) is a file of its own,
`dataset_coco.json`, which comes in `caption_datasets.zip`.
"""

from __future__ import annotations

import functools
import itertools
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from t2t_multimodel import BadValue, UserError, foreign
from t2t_multimodel.problems.formats.archives import (
    contents,
    opened,
    zip_archive,
    zip_contents,
)
from t2t_multimodel.problems.formats.records import Records

SETS = ("train2014", "val2014")
CAPTIONS_ZIP, KARPATHY = "annotations_trainval2014.zip", "dataset_coco.json"
_OF_KARPATHY = {"train": "train", "restval": "train", "val": "dev", "test": "test"}
_KARPATHY = (KARPATHY, f"annotations/{KARPATHY}", "caption_datasets.zip")


class Captioned(NamedTuple):
    """A photograph with what people wrote about it."""

    folder: str
    """train2014 or val2014."""
    file: str
    captions: tuple[str | None, ...] | BadValue
    """None: it is no text. A `BadValue` says why this record of the file is left out."""


@functools.lru_cache(maxsize=1)
def standard_split(root: Path, how_to_get: str) -> dict[str, list[Captioned]]:
    """train: all of train2014; test: all of val2014, in the order of their numbers.

    Raises:
        UserError: the captions are missing or malformed.
    """
    files = [caption_file(root, name, how_to_get) for name in SETS]
    return {"train": _annotated(files[0], SETS[0]), "test": _annotated(files[1], SETS[1])}


@functools.lru_cache(maxsize=1)
def karpathy_split(root: Path, how_to_get: str) -> dict[str, list[Captioned]]:
    """113,287 train images (with those called restval), 5,000 dev and 5,000 test.

    Raises:
        UserError: the file of the split is missing or malformed.
    """
    splits: dict[str, list[Captioned]] = {"train": [], "dev": [], "test": []}
    source = karpathy_file(root, how_to_get)
    with _understood(source):
        read = Records("image")
        for split, item in read.each(_json(source, KARPATHY)["images"], _of_karpathy):
            splits[split].append(item)
        splits["train"] += _left_out(SETS[0], read)
    return splits


def forget() -> None:
    """Reads the files anew from here on: they may have changed."""
    for cached in (standard_split, karpathy_split, _archive):
        cached.cache_clear()


def caption_file(root: Path, name: str, how_to_get: str) -> Path:
    """The captions of train2014 or val2014, or the zip file that holds them.

    Raises:
        UserError: there is neither.
    """
    return _first(root, _caption_names(name), how_to_get)


def karpathy_file(root: Path, how_to_get: str) -> Path:
    """The file of the split by Karpathy, or the zip file that holds it.

    Raises:
        UserError: there is neither.
    """
    return _first(root, _KARPATHY, how_to_get)


def any_captions(root: Path, how_to_get: str) -> list[Path]:
    """The file of Karpathy's split where it is, else COCO's own two: the captions are the same.

    Raises:
        UserError: there is none.
    """
    first = _first(root, (*_KARPATHY, *_caption_names(SETS[0])), how_to_get)
    is_karpathys = first in [root / name for name in _KARPATHY]
    return [first] if is_karpathys else caption_files(root, how_to_get)


def caption_files(root: Path, how_to_get: str) -> list[Path]:
    """The captions of train2014 and val2014, or the zip file that holds both.

    Raises:
        UserError: they are not there.
    """
    return list(dict.fromkeys(caption_file(root, name, how_to_get) for name in SETS))


def train2014_captions(root: Path, how_to_get: str) -> Iterator[str]:
    """The captions of train2014 by the file that `any_captions` finds, image by image."""
    by_karpathy = any((root / name).exists() for name in _KARPATHY)
    split = karpathy_split(root, how_to_get) if by_karpathy else standard_split(root, how_to_get)
    for item in split["train"]:
        if item.folder == SETS[0] and not isinstance(item.captions, BadValue):
            yield from filter(None, item.captions)


def image_place(root: Path, name: str, how_to_get: str) -> Path:
    """The folder or zip file of the images of train2014 or val2014.

    Raises:
        UserError: there is neither.
    """
    return _first(root, (name, f"{name}.zip"), how_to_get)


def read_image(place: Path, item: Captioned) -> Path | bytes | BadValue:
    """The JPEG file of an item: its path in a folder, its contents from a zip file."""
    if isinstance(item.captions, BadValue):
        return item.captions
    if place.is_dir():
        return place / item.file
    return zip_contents(_archive(place), f"{item.folder}/{item.file}")


def _caption_names(name: str) -> tuple[str, ...]:
    file = f"captions_{name}.json"
    return (f"annotations/{file}", file, CAPTIONS_ZIP)


def _first(root: Path, names: Sequence[str], how_to_get: str) -> Path:
    for name in names:
        if (root / name).exists():
            return root / name
    raise UserError(f"Not found in {root}: {' or '.join(names)}.", how_to_get)


def _annotated(source: Path, name: str) -> list[Captioned]:
    with _understood(source):
        return captioned(_json(source, f"captions_{name}.json"), name)


def read_captions(source: Path) -> list[Captioned]:
    """The images of any file in this form, in the order of their numbers.

    Raises:
        UserError: the file is malformed.
    """
    with _understood(source):
        return captioned(_json(source, source.name), "")


def captioned(found: Any, folder: str) -> list[Captioned]:
    """The images of a file that has been read, each with its captions.

    Args:
        found: what `json` gives: `images` with `id` and `file_name`, `annotations` with `image_id`
            and `caption`.
        folder: of the images.
    """
    images, annotations, texts = Records("image"), Records("annotation"), Records("captions")
    files = dict(images.each(found["images"], lambda one: (int(one["id"]), one["file_name"])))
    captions: dict[int, list[str | None]] = {}
    for image, caption in annotations.each(found["annotations"], _of_annotations):
        captions.setdefault(image, []).append(caption)
    items = list(
        texts.each(sorted(captions), lambda i: Captioned(folder, files[i], tuple(captions[i])))
    )
    return [*items, *_left_out(folder, images, annotations, texts)]


def _left_out(folder: str, *lists: Records) -> Iterator[Captioned]:
    """An item for each record that is not sound: datagen leaves it out, counts and names it."""
    for name, why in itertools.chain.from_iterable(records.left_out() for records in lists):
        yield Captioned(folder, f"{name} of the captions", why)


def _of_annotations(annotation: Any) -> tuple[int, str | None]:
    """The number of an image, and one of its captions."""
    return int(annotation["image_id"]), _clean(annotation["caption"])


def _of_karpathy(image: Any) -> tuple[str, Captioned]:
    """The split of an image, and the image with its captions."""
    captions = tuple(_clean(sentence["raw"]) for sentence in image["sentences"])
    for kind, known in (("filepath", SETS), ("split", tuple(_OF_KARPATHY))):
        if image[kind] not in known:
            raise BadValue(f"its {kind} {image[kind]!r:.40} is none of {', '.join(known)}")
    item = Captioned(image["filepath"], str(image["filename"]), captions)
    return _OF_KARPATHY[image["split"]], item


def _json(source: Path, name: str) -> Any:
    """The contents of a file, or of the file of that name in a zip file."""
    if source.suffix != ".zip":
        with opened(source) as file:
            whole_file = contents(file, source.name)
        return json.loads(whole_file)
    with zip_archive(source) as archive:
        (member,) = (m for m in archive.namelist() if m.rpartition("/")[2] == name)
        data = zip_contents(archive, member)
    if isinstance(data, BadValue):
        raise data
    return json.loads(data)


@contextmanager
def _understood(source: Path) -> Iterator[None]:
    """Faults of a file's format become `UserError`."""
    told = f"{source} is not as COCO publishes it"
    try:
        with foreign(lambda why: UserError(f"{told} ({why}).", "Fetch this file again.")):
            yield
    except BadValue as error:
        raise UserError(f"{told} ({error}).", "Fetch this file again.") from error


@functools.lru_cache(maxsize=4)
def _archive(path: Path) -> zipfile.ZipFile:
    """Kept open: the directory of 80,000 files takes a second to read."""
    return zip_archive(path)


def _clean(caption: Any) -> str | None:
    """A caption on one line; some have line breaks, or blanks at their ends."""
    return " ".join(caption.split()) if isinstance(caption, str) else None
