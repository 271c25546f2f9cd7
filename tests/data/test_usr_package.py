"""A user's code as a package: staged by a runner, installed by pip, unpacked by a worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.data import usr_package


def installed(file: Path, into: Path) -> None:
    """Installs a distribution as a worker does, without a network."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, f"--target={into}", file], check=True)


def code(folder: Path) -> Path:
    """A folder of code with what has no place in a package."""
    for name, text in (
        ("mine/first.py", "import second\n"),
        ("mine/second.py", "x = 1\n"),
        ("mine/tables/a b.txt", "ä\n"),
        ("mine/.git/config", "hidden\n"),
        ("mine/__pycache__/first.pyc", "cache\n"),
        ("mine/venv/pyvenv.cfg", "home = /usr\n"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "mine"


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_an_installed_package_gives_the_folder_back_outside_of_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, file = usr_package.write(code(tmp_path), tmp_path)
    assert file == tmp_path / f"{module}-1.tar.gz"
    installed(file, tmp_path / "site-packages")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    found = usr_package.unpacked(module, "/home/someone/mine")
    assert found is not None
    assert (found.name, found.is_relative_to(tmp_path / "site-packages")) == ("mine", False)
    assert contents(found) == {
        "first.py": "import second\n",
        "second.py": "x = 1\n",
        "tables/a b.txt": "ä\n",
    }
    assert usr_package.unpacked(module, "/home/someone/mine") == found  # once in a process


def test_a_package_that_is_not_installed_is_none() -> None:
    assert usr_package.unpacked("t2t_multimodel_usr_dir_none", "/home/someone/mine") is None


def test_the_name_changes_with_the_code_alone(tmp_path: Path) -> None:
    mine = code(tmp_path)
    first, file = usr_package.write(mine, tmp_path)
    (mine / "second.py").touch()
    assert usr_package.write(mine, tmp_path)[0] == first
    (mine / "second.py").write_text("x = 2\n")
    assert usr_package.write(mine, tmp_path)[0] != first


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("first.py", ["first.py", "second.py"]),
        ("second.py", ["second.py"]),
    ],
)
def test_a_file_takes_along_what_it_imports_from_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, expected: list[str]
) -> None:
    module, file = usr_package.write(code(tmp_path) / place, tmp_path)
    installed(file, tmp_path / "site-packages")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    found = usr_package.unpacked(module, f"/home/someone/mine/{place}")
    assert found is not None and found.name == place
    assert sorted(contents(found.parent)) == expected


def test_a_definition_keeps_its_folder_which_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data/far_ende").mkdir(parents=True)
    definition = tmp_path / "data/far_ende/problem.json"
    definition.write_text("{}")
    module, file = usr_package.write(definition, tmp_path)
    installed(file, tmp_path / "site-packages")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    found = usr_package.unpacked(module, str(definition))
    assert found is not None and found.parts[-2:] == ("far_ende", "problem.json")
    assert found.read_text() == "{}"


def test_data_among_the_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usr_package, "MOST_BYTES", 1 << 20)
    mine = code(tmp_path)
    (mine / "speech.wav").write_bytes(bytes(1 << 20))
    with pytest.raises(UserError) as caught:
        usr_package.write(mine, tmp_path)
    assert str(caught.value) == (
        f"--usr_dir={mine} holds more than 1 MB, too much to send to workers as code.\n"
        "Keep data elsewhere, or give the folder of the code as an URL."
    )
