"""Private names of libraries are used where they are listed here, and under an upper bound."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

FOLDERS = ("t2t_multimodel", "problems", "hparams", "bin", "tools", "bench", "tests")

DOORS = {
    ("layers/base.py", "_flatten_layers"): "keras",
    ("metrics/text.py", "_extract_corpus_statistics"): "sacrebleu",
    ("metrics/text.py", "_compute_score_from_stats"): "sacrebleu",
    ("event_file.py", "tensorboard.compat"): "tensorboard",
    ("event_file.py", "tensorboard.plugins"): "tensorboard",
    ("event_file.py", "tensorboard.summary.writer"): "tensorboard",
    ("bench/retraces.py", "tensorflow.python"): "tensorflow",
    ("tests/conftest.py", "_registry"): "tensorflow",
    ("test_event_file.py", "tensorboard.backend"): "tensorboard",
    ("test_event_file.py", "tensorboard.util"): "tensorboard",
    ("test_run_folder.py", "tensorboard.backend"): "tensorboard",
}
"""End of a file's path and private name -> the distribution whose version `setup.cfg` bounds."""

INTERNAL = (
    "tensorflow.python", "tensorflow.core", "tensorflow.compiler", "keras.src", "jax._src",
    "jax.interpreters", "tensorboard.compat", "tensorboard.plugins", "tensorboard.backend",
    "tensorboard.util", "tensorboard.summary.writer", "google.protobuf.internal",
    "tensorflow_datasets.core", "gin.config", "sacrebleu.metrics.base",
)  # fmt: skip
"""Modules without a promise to outside users, though their names have no underscore."""
DOCUMENTED = {"_asdict", "_fields", "_make", "_replace", "_exit", "_getframe", "_MEIPASS"}
"""Names of Python's own library that begin with an underscore and are documented."""


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_names(trees: list[ast.AST]) -> set[str]:
    """Every private name that our sources define: functions, classes, attributes, variables."""
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store(), value=ast.Name(id="self")):
                found.add(name)
    return {name for name in found if is_private(name)}


def private_uses(tree: ast.AST) -> Iterator[str]:
    """Private names of others that a file uses: attributes, modules, and texts for getattr."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if is_private(name):
                yield name
            case ast.Call(func=ast.Name(id=caller), args=[_, ast.Constant(value=str(name)), *_]):
                if caller in ("getattr", "setattr", "hasattr", "delattr") and is_private(name):
                    yield name
            case ast.Import(names=names):
                yield from filter(None, (internal(alias.name) for alias in names))
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    door = internal(f"{module}.{alias.name}")
                    if door:
                        yield door


def internal(module: str) -> str | None:
    """The internal part of a dotted name that is imported, if it has one."""
    if module.split(".")[0] in ("t2t_multimodel", "tools", "conftest", "helpers"):
        return None
    for name in INTERNAL:
        if f"{module}.".startswith(f"{name}."):
            return name
    return module if any(map(is_private, module.split("."))) else None


def foreign(paths: list[Path], own: set[str]) -> set[tuple[Path, str]]:
    return {
        (path, name)
        for path in paths
        for name in private_uses(ast.parse(path.read_text()))
        if name not in own and name not in DOCUMENTED
    }


@pytest.fixture(scope="module")
def uses() -> set[tuple[Path, str]]:
    paths = sources(*FOLDERS)
    return foreign(paths, own_names([ast.parse(path.read_text()) for path in paths]))


def test_private_names_of_libraries_are_used_where_they_are_listed(
    uses: set[tuple[Path, str]],
) -> None:
    def listed(path: Path, name: str) -> bool:
        return any(str(path).endswith(f"/{end}") and name == door for end, door in DOORS)

    assert sorted(f"{path}: {name}" for path, name in uses if not listed(path, name)) == []
    for end, door in DOORS:
        assert any(str(path).endswith(f"/{end}") and name == door for path, name in uses), door


def test_a_library_whose_private_names_are_used_has_an_upper_bound() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    required = parser["options"]["install_requires"].split()
    for name in {*DOORS.values(), "keras", "tensorflow", "pillow"}:
        (line,) = [item for item in required if re.split(r"[<>=]", item)[0] == name]
        assert re.fullmatch(rf"{name}>=[\d.]+,<[\d.]+", line), line


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import keras\nkeras.Layer()._tracker", {"_tracker"}),
        ("getattr(model, '_layers', 0)", {"_layers"}),
        ("from keras.src import ops", {"keras.src"}),
        ("import jax._src.core", {"jax._src"}),
        ("from starlette import _utils", {"starlette._utils"}),
        ("import tensorflow.python.eager.context", {"tensorflow.python"}),
        ("from keras import ops\nops.add\nself.__class__", set()),
        ("class A:\n    def _own(self): ...\nA()._own()", set()),
    ],
)
def test_a_new_private_use_is_found(tmp_path: Path, source: str, found: set[str]) -> None:
    path = tmp_path / "new.py"
    path.write_text(source)
    own = own_names([ast.parse(source)])
    assert {name for _, name in foreign([path], own)} == found
