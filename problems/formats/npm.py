"""npm packages: a gzipped tar whose files lie under `package/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from t2t_multimodel.problems.formats.archives import tar_files, wanted_files


def read_npm(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yields (name, contents) of the files whose name `wanted` accepts, in the package's order.

    Names are relative to the package: `img/twitter/64/1f600.png`.

    Raises:
        UserError: the package is cut or damaged.
    """
    yield from wanted_files(tar_files(path), "package/", wanted)
