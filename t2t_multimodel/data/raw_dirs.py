"""Where the raw files of each problem are: one folder for all, or one for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import registry, storage
from t2t_multimodel.errors import UserError, unknown

_ENTRY = re.compile(r"([a-z][a-z0-9_]*):(.+)")


@dataclass(frozen=True)
class RawDirs:
    """Holds what `--raw_dir` says: `FOLDER`, or `my_digits:wavs,m30k_ende:m30k`, or both."""

    default: Path | None = None
    """The folder of problems that are not named, or `default/<problem>` where that exists."""
    named: tuple[tuple[str, Path], ...] = ()
    """Problem and its folder."""

    @classmethod
    def parse(cls, text: str) -> RawDirs:
        """Reads the text of the flag.

        Raises:
            UserError: a folder does not exist, or two are given for one problem.
        """
        default: Path | None = None
        named: dict[str, Path] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            is_plain = storage.is_url(entry) or _is_folder(Path(entry).expanduser())
            match = None if is_plain else _ENTRY.fullmatch(entry)
            path = storage.fetch(storage.place(match[2] if match else entry), whole=True)
            if not _is_folder(path):
                raise UserError(
                    f"--raw_dir={entry}: there is no folder {path} (looked in {Path.cwd()}).",
                    fix="Give FOLDER, or PROBLEM:FOLDER,PROBLEM:FOLDER.",
                )
            if (match and match[1] in named) or (not match and default is not None):
                what = f"for {match[1]}" if match else "for all problems"
                raise UserError(f"--raw_dir={text}: two folders are given {what}.")
            if match:
                named[match[1]] = path
            else:
                default = path
        return cls(default, tuple(named.items()))

    def of(self, problem: str) -> Path | None:
        """The folder of a problem; None if there is none.

        A problem that knows its own (`Problem.home`) is not looked for in the folder for all.
        """
        for name, path in self.named:
            if name == problem:
                return path
        if self.default is not None and (self.default / problem).is_dir():
            return self.default / problem
        home: Path | None = None
        if problem in registry.problems:
            home = registry.problems.get(problem).home
        return self.default if home is None else storage.fetch(home, whole=True)

    def absolute(self) -> RawDirs:
        """The same folders, whatever the working folder is later."""
        default = None if self.default is None else self.default.absolute()
        return RawDirs(default, tuple((name, path.absolute()) for name, path in self.named))

    def check(self, problems: Sequence[str]) -> None:
        """Raises `UserError` where a folder is given for a problem that is not among these."""
        for name, _ in self.named:
            registry.problems.check([name])
            if name not in problems:
                raise unknown("problem of this command", name, list(problems))

    def __str__(self) -> str:
        parts = [] if self.default is None else [storage.shown(self.default)]
        named = (f"{name}:{storage.shown(path)}" for name, path in self.named)
        return ",".join([*parts, *named])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long for the system, or with a NUL character
        return False


RawDir = Path | RawDirs | None
"""A folder for all problems, a folder for each, or none."""


def as_raw_dirs(raw_dir: RawDir) -> RawDirs:
    """The same, as `RawDirs`."""
    return raw_dir if isinstance(raw_dir, RawDirs) else RawDirs(raw_dir)
