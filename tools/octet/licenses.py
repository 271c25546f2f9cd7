"""licenses/: the licence files of the packages, as they come, beside the data taken from them.

The texts of the MPL 2.0, the Apache licence 2.0 and CC BY 4.0, to which the packages only refer,
lie there too, but in no package: they are kept by hand.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from t2t_multimodel.problems.formats.debian import read_deb
from t2t_multimodel.problems.formats.npm import read_npm
from t2t_multimodel.problems.formats.packages import (
    AMAZON_QUEEN,
    CLDR,
    EMOJI,
    FASHION_MNIST,
    LIBREOFFICE_HELP,
    locate,
)

_DEBIAN = (FASHION_MNIST, AMAZON_QUEEN, LIBREOFFICE_HELP["en"])
_NPM = (EMOJI["google"], CLDR)
README = "flight-of-the-amazon-queen.readme.txt"
"""The readme that the game's licence asks to keep with it."""


def build(packages: Path, data: Path) -> None:
    """Writes one file for each package and the readme of the game."""
    folder = data / "licenses"
    folder.mkdir(exist_ok=True)
    for package, path in zip(_DEBIAN, locate(packages, _DEBIAN), strict=True):
        contents = _only(read_deb(path, lambda name: name.endswith("/copyright")))
        (folder / f"{package.name}.txt").write_bytes(contents)
    for package, path in zip(_NPM, locate(packages, _NPM), strict=True):
        name = "emoji-datasource" if package is EMOJI["google"] else package.name
        contents = _only(read_npm(path, lambda name: name == "LICENSE"))
        (folder / f"{name}.txt").write_bytes(contents)
    (game,) = locate(packages, [AMAZON_QUEEN])
    readme = _only(read_deb(game, lambda name: name.endswith("/readme.txt.gz")))
    (folder / README).write_bytes(gzip.decompress(readme))


def _only(members: Iterable[tuple[str, bytes]]) -> bytes:
    ((_, contents),) = members
    return contents
