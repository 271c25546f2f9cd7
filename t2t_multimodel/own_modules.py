"""Modules of a user's own: they import each other by name, and what is not installed is told.

`from helper import clean` finds `helper.py` beside the file, as Python does for a script. Two
folders may each have a `helper.py`: every module gets a name of its own, and `sys.path` stays.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from t2t_multimodel._checkout import MappedFinder
from t2t_multimodel.errors import UserError, did_you_mean

DISTRIBUTIONS = {
    "Bio": "biopython",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "fitz": "pymupdf",
    "google.protobuf": "protobuf",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Module -> the name under which pip installs it, where the two differ."""


class OwnFinder:
    """Finds the modules of users' folders and files.

    Args:
        name_of: gives a file of its own a module name.
    """

    def __init__(self, name_of: Callable[[Path], str]) -> None:
        self.name_of = name_of
        self.places: dict[str, Path] = {}
        """Module -> its file, or the folder of a package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a user's module, None for every other name."""
        spec = None
        if fullname in self.places:
            spec = MappedFinder(self.places).find_spec(fullname, path, target)
        elif fullname.partition(".")[0] in self.places:
            spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _OwnLoader(spec.loader.name, spec.loader.path, self)
        return spec


class _OwnLoader(importlib.machinery.SourceFileLoader):
    """Loads a module whose absolute imports find what lies beside it."""

    def __init__(self, fullname: str, path: str, finder: OwnFinder) -> None:
        super().__init__(fullname, path)
        self._finder = finder

    def get_code(self, fullname: str) -> CodeType:
        """The code, compiled anew: what Python keeps in __pycache__ has other imports."""
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path), filename=path)
        tree = ast.fix_missing_locations(_Beside(fullname, Path(path), self._finder).visit(tree))
        return compile(tree, path, "exec", dont_inherit=True)


class _Beside(ast.NodeTransformer):
    """Gives imports of modules beside a file the names that these modules have here."""

    def __init__(self, fullname: str, path: Path, finder: OwnFinder) -> None:
        self._path, self._finder = path, finder
        is_package = path.name == "__init__.py"
        self._package = fullname if is_package else fullname.rpartition(".")[0]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.level == 0 and node.module:
            node.module = self._own(node.module) or node.module
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        names: list[ast.alias] = []
        for alias in node.names:
            own = self._own(alias.name)
            if own is None or alias.asname:
                names.append(ast.alias(own or alias.name, alias.asname))
                continue
            first, dot, _ = alias.name.partition(".")
            names.append(ast.alias(self._own(first) or first, first))
            if dot:
                names.append(ast.alias(own))
        node.names = names
        return node

    def _own(self, module: str) -> str | None:
        """The name here of a module beside the file; None for all others."""
        first, dot, rest = module.partition(".")
        place = _beside(self._path.parent, first)
        if place is None or place == self._path or first in sys.stdlib_module_names:
            return None
        if self._package:
            return f"{self._package}.{module}"
        name = self._finder.name_of(place)
        self._finder.places[name] = place
        return name + dot + rest


def _beside(folder: Path, name: str) -> Path | None:
    """The file of a module in a folder, or the folder of a package."""
    if (folder / f"{name}.py").is_file():
        return folder / f"{name}.py"
    return folder / name if (folder / name / "__init__.py").is_file() else None


def with_helpers(file: Path) -> list[Path]:
    """A file, then the modules and packages beside it that it, or one of them, imports."""
    found, waiting = {file}, [file]
    while waiting:
        for name in _imported(waiting.pop()):
            package = file.parent / name
            beside = {file.parent / f"{name}.py", *package.rglob("*.py")}
            new = {one for one in beside if one.is_file()} - found
            found |= new
            waiting += new
    return [file, *sorted(found - {file})]


def _imported(file: Path) -> Iterator[str]:
    """The top-level names of the modules that a file imports; none of one that is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def not_installed(error: BaseException) -> UserError | None:
    """The error for a module that is not there, which names the file that imports it.

    Returns:
        None for other errors, and for modules that are parts of one that is there.
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    frames: list[Any] = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen importlib")
    ]
    first = error.name.partition(".")[0]
    if not frames or first == "t2t_multimodel":
        return None
    at = frames[-1]
    beside = sorted(path.stem for path in Path(at.filename).parent.glob("*.py"))
    own = error.name.rpartition(".")[2] if first.startswith("mm_usr_") else error.name
    guess = did_you_mean(own, [name for name in beside if name != Path(at.filename).stem])
    message = f"{at.filename}:{at.lineno} imports '{own}', which is not installed"
    if first.startswith("mm_usr_"):  # `from .helper import x`
        return UserError(f"{message[: -len(' installed')]} there.{guess}")
    known = DISTRIBUTIONS.get(error.name) or DISTRIBUTIONS.get(first) or first
    return UserError(f"{message} and does not lie beside it.{guess}", f"pip install {known}")
