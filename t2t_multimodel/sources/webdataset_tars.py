"""WebDatasetTars: tar files in which files of one name, before its first dot, are one example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from t2t_multimodel.errors import BadValue, UserError, foreign
from t2t_multimodel.problem import Problem
from t2t_multimodel.problems.formats.archives import contents, tar_files
from t2t_multimodel.raw_files import visible
from t2t_multimodel.sources.naming import tells
from t2t_multimodel.sources.values import cell_of, value_of

_TAR = re.compile(r"\.(tar|tar\.gz|tgz)$")


class WebDatasetTars(Problem):
    """`train-0000.tar`, `train-0001.tar`, ... with `000.jpg`, `000.txt`, `001.jpg`, ... in each.

        @register_problem("my_pictures")
        class MyPictures(WebDatasetTars):
            '''Pictures to captions.'''
            source, target = "jpg;png", "txt"
            inputs, targets = Image(64, 64), Text()

    The tars are read without unpacking, and datagen's workers share them. They are in the folder of
    the raw files, or in one for each split.
    """

    splits = ("train", "dev", "test")
    source: ClassVar[str]
    """Ending of the files of the inputs, several by `;`; `json:caption` is a field of one."""
    target: ClassVar[str]
    """The same of the targets: `cls` is a file with the number of a class."""

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[Path]:
        """The tar files of the split in order.

        Raises:
            UserError: there are none.
        """
        if raw_dir is None:
            raise UserError(
                f"Problem {self.name!r} is read from tar files, but their folder is not given.",
                fix=f"Give --raw_dir={self.name}:FOLDER.",
            )
        found = _tars(raw_dir, split)
        if not found:
            raise UserError(f"{raw_dir} holds no {split}-*.tar and no {split}/*.tar.")
        return found

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """The examples of a tar file in their order.

        Raises:
            UserError: the archive is cut or damaged.
        """
        endings = {*_endings(self.source), *_endings(self.target)}
        for key, files in grouped(part, endings):
            yield {
                "inputs": value_of(self.inputs, _cell(files, self.source)),
                "targets": value_of(self.targets, _cell(files, self.target)),
                "origin": f"{part.name}:{key}",
            }

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The tar files of all splits."""
        return [path for split in self.splits for path in self.source_parts(split, raw_dir)]


def grouped(path: Path, endings: set[str]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yields (name before the first dot, ending -> content) of files that follow each other.

    Args:
        path: of the tar file, packed or not.
        endings: of the files to read; an example without any of them has no files.

    Raises:
        UserError: the archive is cut or damaged.
    """
    key, files = "", dict[str, bytes]()
    for name, file in tar_files(path):
        place = PurePosixPath(name)
        stem, _, ending = place.name.partition(".")
        own = str(place.with_name(stem)) if stem else str(place)
        if own != key and key:
            yield key, files
            files = {}
        key = own
        if ending.lower() in endings:
            files[ending.lower()] = contents(file, name)
    if key:
        yield key, files


def _endings(wanted: str) -> list[str]:
    return [one.partition(":")[0].strip().lower() for one in wanted.split(";")]


def _cell(files: dict[str, bytes], wanted: str) -> Any:
    """The content of the first file that is there, or a field of its JSON."""
    for ending, one in zip(_endings(wanted), wanted.split(";"), strict=True):
        if ending in files:
            field = one.partition(":")[2]
            return _field(files[ending], field) if field else files[ending]
    return BadValue(f"there is no file .{' or .'.join(_endings(wanted))}")


def _field(data: bytes, field: str) -> Any:
    try:
        with foreign(BadValue):
            found = json.loads(data)
    except BadValue as error:
        return error
    return cell_of(found, field) if isinstance(found, dict) else BadValue("the JSON is no object")


def _tars(folder: Path, split: str) -> list[Path]:
    """The tars whose names tell the split, or those in the folder of its name."""
    below = [
        path for path in visible(folder.iterdir()) if path.is_dir() and tells(path.name, split)
    ]
    if below:
        return [path for path in visible(below[0].iterdir()) if _TAR.search(path.name)]
    found = [path for path in visible(folder.iterdir()) if _TAR.search(path.name)]
    return [path for path in found if tells(path.name, split)]
