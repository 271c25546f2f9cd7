"""The code of a `--usr_dir` as a Python package, which brings it to machines without the folder.

The package holds the files as they are, in an archive. A worker unpacks it into a folder of its
own and adds that like any `--usr_dir`, so imports and messages are those of the first machine. Its
name holds the hash of the files: a worker that lives on never takes older code for it.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib
import importlib.util
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel._scan import DEFINITION
from t2t_multimodel.data import usr_package_backend
from t2t_multimodel.errors import UserError
from t2t_multimodel.own_modules import with_helpers

MOST_BYTES = 32 << 20
"""Of files in a package: code and small tables, no data sets."""
_PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def write(place: Path, into: Path) -> tuple[str, Path]:
    """Writes the source distribution of a user's code.

    Args:
        place: a folder, a `.py` file, which takes along the files beside it that it imports, or
            one `NAME/problem.json`.
        into: folder for the distribution.

    Returns:
        The module of the package, and the file.

    Raises:
        UserError: the files are too large for code.
    """
    code = _archive(place)
    module = f"t2t_multimodel_usr_dir_{hashlib.sha256(code).hexdigest()[:16]}"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n".encode(),
        "pyproject.toml": _PROJECT.encode(),
        "backend.py": Path(usr_package_backend.__file__).read_bytes(),
        "code.tar": code,
    }
    file = into / f"{module}-1.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, data in files.items():
            _add(archive, f"{module}-1/{name}", data)
    return module, file


@functools.cache
def unpacked(module: str, place: str) -> Path | None:
    """Unpacks the code of an installed package, into a folder that goes with this process.

    Args:
        module: of the package.
        place: the path that `write` got, on whatever machine.

    Returns:
        The same folder or file here; None if the package is not installed.
    """
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="t2t_multimodel-usr_dir-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(Path(spec.origin).with_name("code.tar")) as archive:
        archive.extractall(folder, filter="data")
    return folder / Path(place).relative_to(_top(Path(place)))


def _top(place: Path) -> Path:
    return place.parent.parent if place.name == DEFINITION else place.parent


def _archive(place: Path) -> bytes:
    """The files in an order and with times that never change: the same code, the same bytes."""
    content, size = io.BytesIO(), 0
    with tarfile.open(fileobj=content, mode="w") as archive:
        for file in _files(place):
            size += file.stat().st_size
            if size > MOST_BYTES:
                raise UserError(
                    f"--usr_dir={place} holds more than {MOST_BYTES >> 20} MB, too much to send "
                    "to workers as code.",
                    "Keep data elsewhere, or give the folder of the code as an URL.",
                )
            _add(archive, file.relative_to(_top(place)).as_posix(), file.read_bytes())
    return content.getvalue()


def _files(place: Path) -> Iterator[Path]:
    """What the code may need: all but hidden files, caches and virtual environments."""
    if place.is_file():
        yield from [place] if place.name == DEFINITION else sorted(with_helpers(place))
        return
    for here, below, names in os.walk(place):
        below[:] = sorted(
            name
            for name in below
            if not name.startswith(".")
            and name != "__pycache__"
            and not Path(here, name, "pyvenv.cfg").exists()
        )
        kept = (Path(here, name) for name in sorted(names) if not name.startswith("."))
        yield from (file for file in kept if file.is_file())


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
