"""Which files the hash of a user's code covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel.checkpoints.code_hash import code_hash

FILES = {
    "tasks.py": "import json\nimport helper\nfrom pack.inner import x\n",
    "helper.py": "def late():\n    from deeper import y\n",
    "deeper.py": "import tasks\n",
    "pack/inner.py": "x = 1\n",
    "other.py": "",
    "json/readme.txt": "no source\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        *(("tasks.py", True), ("helper.py", True), ("deeper.py", True)),
        *(("pack/inner.py", True), ("other.py", False), ("json/readme.txt", False)),
    ],
)
def test_a_file_stands_for_what_it_imports_from_beside_it(
    folder: Path, name: str, counts: bool
) -> None:
    before = code_hash(str(folder / "tasks.py"))
    with open(folder / name, "a") as file:
        file.write("# more\n")
    assert (code_hash(str(folder / "tasks.py")) != before) is counts


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_a_folder_stands_for_all_its_source_files(folder: Path, name: str) -> None:
    before = code_hash(str(folder))
    (folder / name).write_text("changed = 1\n")
    assert code_hash(str(folder)) != before


def test_a_file_that_is_no_python_has_a_hash_too(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_bytes(b"import \xff\x00 (")
    assert len(code_hash(str(tmp_path / "odd.py"))) == 64
