"""The folders beside the package are found in a checkout, those inside it once installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel import _checkout


@pytest.mark.parametrize("name", _checkout.SIBLINGS)
def test_a_sibling_is_imported_from_the_checkout(name: str) -> None:
    assert _checkout.folder(name) == ROOT / name
    module = importlib.import_module(f"t2t_multimodel.{name}")
    assert module.__file__ == str(ROOT / name / "__init__.py")


def test_a_folder_without_an_init_file_does_not_hide_the_sibling(run_python: Callable) -> None:
    """Such as one left over with caches alone."""
    done = run_python(
        "from t2t_multimodel import _checkout\n"
        "print(_checkout.folder('layers').parent.name, _checkout.folder('none').parent.name)"
    )
    assert done.out == f"t2t_multimodel {ROOT.name}\n"


def test_the_finder_finds_files_packages_and_plain_folders(tmp_path: Path) -> None:
    (tmp_path / "file.py").touch()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "plain").mkdir()
    places = {name: tmp_path / name for name in ("package", "plain", "gone")}
    finder = _checkout.MappedFinder({**places, "file": tmp_path / "file.py"})

    file, package, plain = (finder.find_spec(name) for name in ("file", "package", "plain"))
    assert file is not None and package is not None and plain is not None
    assert (file.origin, file.submodule_search_locations) == (str(tmp_path / "file.py"), None)
    assert package.origin == str(tmp_path / "package" / "__init__.py")
    assert package.submodule_search_locations == [str(tmp_path / "package")]
    assert (plain.origin, plain.submodule_search_locations) == (None, [str(tmp_path / "plain")])
    assert finder.find_spec("gone") is None
    assert finder.find_spec("numpy") is None
