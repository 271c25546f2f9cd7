"""SplitFiles: the base of problems whose splits are files, or parts cut out of the train files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem
from t2t_multimodel.problems.formats.split import split_of
from t2t_multimodel.user_code import must_define

Rows = Iterator[tuple[str, dict[str, Any]]]
"""Examples, each behind the text that decides on its split where splits are cut."""


class SplitFiles(Problem):
    """A problem that is read from files: subclass one of the kinds in `t2t_multimodel.sources`."""

    splits = ("train", "dev", "test")
    held_out: ClassVar[tuple[float, float]] = (0.0, 0.0)
    """Shares of the train examples that are dev and test; 0: the split has files of its own.

    The text of an input (the path of a picture or sound) decides, so that equal inputs are in one
    split and the splits never change."""
    stems: ClassVar[Mapping[str, str]] = {}
    """Split -> begin of the names of its files, where they do not tell the split by a word."""

    def files(self, split: str, folder: Path) -> list[Path]:
        """The files of a split in order; none if the folder has none for it."""
        raise must_define(self, "files(self, split, folder)")

    def rows(self, split: str, folder: Path) -> Rows:
        """Yields the key and the example of each row in the files of a split."""
        raise must_define(self, "rows(self, split, folder)")

    def layout(self, split: str) -> str:
        """How the files of a split are called, for messages."""
        raise must_define(self, "layout(self, split)")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """The examples of a split in the order of its files, or cut out of those of train.

        Raises:
            UserError: files are missing or malformed.
        """
        folder = self._folder(raw_dir)
        dev, test = self.held_out
        read = self._read_for(split, folder)
        for key, example in self.rows(read, folder):
            if read != "train" or split_of(key, dev=dev, test=test) == split:
                yield example

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files of all splits.

        Raises:
            UserError: a split has none.
        """
        folder = self._folder(raw_dir)
        read = dict.fromkeys(self._read_for(split, folder) for split in self.splits)
        return list(dict.fromkeys(path for name in read for path in self.files(name, folder)))

    def _read_for(self, split: str, folder: Path) -> str:
        """The split whose files hold the examples of this one."""
        is_cut = bool(dict(zip(("dev", "test"), self.held_out, strict=True)).get(split))
        has_own = bool(self.files(split, folder))
        if is_cut and has_own:
            raise UserError(
                f"Problem {self.name!r} cuts {split} out of train, but {folder} holds files of "
                f"{split}: {self.files(split, folder)[0].name}.",
                fix=f"Set the share of {split} in held_out to 0, or move the files away.",
            )
        if is_cut:
            return self._read_for("train", folder)
        if not has_own:
            here = sorted(path.name for path in folder.iterdir())[:8] if folder.is_dir() else []
            raise UserError(
                f"{folder} holds no {self.layout(split)}, which is {split} of problem "
                f"{self.name!r}; it holds {', '.join(here) or 'nothing'}.",
                fix=""
                if split == "train"
                else f"Add it, leave {split} out of `splits`, or cut it out of train: "
                "held_out = (0.05, 0.1).",
            )
        return split

    def _folder(self, raw_dir: Path | None) -> Path:
        if raw_dir is None:
            raise UserError(
                f"Problem {self.name!r} is read from files, but their folder is not given.",
                fix=f"Give --raw_dir={self.name}:FOLDER.",
            )
        return raw_dir
