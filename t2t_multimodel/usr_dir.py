"""Problems, hparams sets and nets from outside: `--usr_dir` and installed plug-in packages.

Nothing is imported here: files are listed for the registry, which imports one when its name is
asked for. A user's folder gets a module name of its own, so that two folders of one name do not
meet, and `sys.path` stays as it is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from t2t_multimodel import _scan, storage
from t2t_multimodel.errors import UserError
from t2t_multimodel.own_modules import OwnFinder

ENTRY_POINTS = "t2t_multimodel.problems"
"""The entry-point group of plug-in packages; each entry names a module or a package."""

_added: dict[str, Path] = {}


def add(paths: str | Path | None) -> None:
    """Makes the names registered under `paths` known.

    Args:
        paths: a folder, one `.py` file, one `NAME/problem.json`, or several of them separated by
            commas; None and an empty string add nothing.

    Raises:
        UserError: a path does not exist, or nothing is registered under it.
    """
    for text in str(paths or "").split(","):
        if text.strip():
            add_one(storage.fetch(storage.place(text.strip())))


def add_definitions(data_dir: Path) -> None:
    """Makes the problems known that `mm-datagen --from` has defined in a data folder."""
    try:
        storage.fetch(data_dir, depth=2, only=_scan.DEFINITION)
        found = sorted(data_dir.glob(f"*/{_scan.DEFINITION}"))
    except (OSError, ValueError):  # whoever reads records there tells it
        return
    for path in found:
        add_one(path)


def added() -> tuple[str, ...]:
    """The paths added so far, absolute: a worker process passes each to `add`."""
    return tuple(storage.shown(path) for path in _added.values())


def files() -> Iterator[tuple[Path, str]]:
    """Each source file from outside with its module name: plug-in packages, then `add`'s."""
    yield from _entry_point_files()
    for module, path in _added.items():
        yield from _files_of(path, module)


def add_one(path: Path) -> None:
    """Does the same as `add` for one path, whatever characters are in it."""
    if not _exists(path):
        raise UserError(
            f"--usr_dir={path} does not exist (looked in {Path.cwd()}).",
            "Give a folder with your own problems, or one .py file.",
        )
    real = Path(os.path.realpath(path))
    module = _module_name(real)
    if not any(_scan.registrations(file, name) for file, name in _files_of(real, module)):
        raise UserError(
            f"--usr_dir={path} registers nothing: no line of its .py files begins with "
            '@register_problem("..."), @register_hparams, @register_modality, '
            "@register_vocabulary or @register_metric.",
            "Put the decorator, with the name as a literal, on a class at the top level of a file.",
        )
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)  # it answers to the names that it has given alone
    _finder.places[module] = _added[module] = real


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for the system, or with a NUL character
        return False


def _module_name(path: Path) -> str:
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return f"mm_usr_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}_{digest}"


_finder = OwnFinder(_module_name)


def _files_of(path: Path, module: str) -> Iterator[tuple[Path, str]]:
    return iter([(path, module)]) if path.is_file() else _scan.modules(path, module)


@cache
def _entry_point_files() -> tuple[tuple[Path, str], ...]:
    from importlib.metadata import entry_points

    found: list[tuple[Path, str]] = []
    for entry in entry_points(group=ENTRY_POINTS):
        place = _locate(entry.module)
        if place is None:
            owner = entry.dist.name if entry.dist else "an installed package"
            raise UserError(
                f"{owner} declares '{entry.name} = {entry.value}' for {ENTRY_POINTS}, "
                f"but there is no module {entry.module}.",
                f"Install {owner} again, or uninstall it.",
            )
        found += _files_of(place, entry.module)
    return tuple(found)


def _locate(module: str) -> Path | None:
    """The file or package folder of a module; unlike `find_spec` it imports no parent."""
    root, *parts = module.split(".")
    spec = importlib.util.find_spec(root)
    if spec is None:
        return None
    places = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if not places and spec.origin:
        places = [Path(spec.origin)]
    for part in parts:
        below = (place / name for place in places for name in (part, f"{part}.py"))
        places = [place for place in below if place.exists()]
    return places[0] if places else None
