"""Makes `problems/`, `hparams/` and `bin/` importable from a source checkout.

They lie beside the package in the sources and inside it once installed (`package_dir` in
setup.cfg). In a checkout a finder maps the three names onto the sibling folders.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

SIBLINGS = ("problems", "hparams", "bin")
_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of `t2t_multimodel.<name>`, found without importing it."""
    inside = _PACKAGE / name
    return inside if (inside / "__init__.py").is_file() else _PACKAGE.parent / name


class MappedFinder:
    """A meta-path finder for modules whose place the import system cannot guess.

    Args:
        places: module name to its file, or to the folder of a package; may grow later.
    """

    def __init__(self, places: dict[str, Path]) -> None:
        self.places = places

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a mapped module, None for every other name."""
        place = self.places.get(fullname)
        if place is None or not place.exists():
            return None
        if place.is_file():
            return importlib.util.spec_from_file_location(fullname, place)
        if (place / "__init__.py").is_file():
            return importlib.util.spec_from_file_location(
                fullname, place / "__init__.py", submodule_search_locations=[str(place)]
            )
        spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(place)]
        return spec


def install() -> None:
    """Maps the folders that lie beside the package; does nothing once it is installed."""
    beside = {f"t2t_multimodel.{name}": folder(name) for name in SIBLINGS}
    places = {name: place for name, place in beside.items() if place.parent != _PACKAGE}
    if places:
        sys.meta_path.append(MappedFinder(places))
