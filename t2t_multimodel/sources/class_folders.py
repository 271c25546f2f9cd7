"""ClassFolders: pictures or sounds in a folder for each class."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.features import ClassLabel
from t2t_multimodel.problems.formats.folder import walked
from t2t_multimodel.raw_files import visible
from t2t_multimodel.sources.naming import CALLED
from t2t_multimodel.sources.split_files import Rows, SplitFiles


class ClassFolders(SplitFiles):
    """Files by class: `train/cat/1.png`, or `cat/1.png` with shares in `held_out`.

        @register_problem("pets")
        class Pets(ClassFolders):
            '''Photographs to the animal.'''
            inputs = Image(32, 32)
            targets = ClassLabel(names=("cat", "dog"))

    The names of the classes are the names of the folders.
    """

    metrics = ("top1",)

    def files(self, split: str, folder: Path) -> list[Path]:
        top = self._top(split, folder)
        return [] if top is None else list(walked(top))

    def rows(self, split: str, folder: Path) -> Rows:
        top = self._top(split, folder)
        assert top is not None  # `files` found some
        names = self._names()
        for below in visible(top.iterdir()):
            if below.is_dir() and below.name not in names:
                raise unknown(f"class of {self.name}", below.name, names)
            for path in walked(below) if below.is_dir() else ():
                place = path.relative_to(top).as_posix()
                yield place, {"inputs": path, "targets": below.name, "origin": place}

    def layout(self, split: str) -> str:
        return f"folder {self.stems.get(split, split)}/CLASS"

    def _names(self) -> tuple[str, ...]:
        names = self.targets.names if isinstance(self.targets, ClassLabel) else ()
        if not names:
            raise UserError(
                f"Problem {self.name!r} does not tell which folders are its classes.",
                fix='Write targets = ClassLabel(names=("cat", "dog")) with their names.',
            )
        return names

    def _top(self, split: str, folder: Path) -> Path | None:
        """The folder that holds the folders of the classes."""
        for word in (self.stems.get(split, ""), *CALLED.get(split, (split,))):
            if word and (folder / word).is_dir():
                return folder / word
        return folder if split == "train" and any(self.held_out) and folder.is_dir() else None


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of the folders in the train folder, or in the folder itself where there is none.

    Raises:
        UserError: there are fewer than two.
    """
    tops = [folder / word for word in CALLED["train"] if (folder / word).is_dir()] or [folder]
    names = tuple(path.name for path in visible(tops[0].iterdir()) if path.is_dir())
    if len(names) < 2:
        raise UserError(
            f"{tops[0]} holds {len(names)} folders, but there must be one for each class."
        )
    return names
