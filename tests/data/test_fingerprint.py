"""Fingerprints change when, and only when, what is made would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from t2t_multimodel.data import fingerprint as module
from t2t_multimodel.data.fingerprint import files_facts, fingerprint


def test_a_fingerprint_is_16_hex_digits_and_does_not_depend_on_the_order() -> None:
    first = fingerprint({"a": 1, "b": ["ü", None]})
    assert first == fingerprint({"b": ["ü", None], "a": 1}) == "78518f180d52e8f7"
    assert first != fingerprint({"a": 2, "b": ["ü", None]})


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    for name in ("train/0.wav", "test/0.wav"):
        (tmp_path / "raw" / name).parent.mkdir(parents=True)
        (tmp_path / "raw" / name).write_text(name)
    return tmp_path / "raw"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_files_are_known_by_content_and_place_below_their_folder(
    raw_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = files_facts(files(raw_dir))
    assert list(facts) == ["test/0.wav", "train/0.wav"]
    assert facts["train/0.wav"] != facts["test/0.wav"]
    shutil.copytree(raw_dir, tmp_path / "copy")
    assert files_facts(files(tmp_path / "copy")) == facts
    monkeypatch.chdir(tmp_path)
    assert files_facts(files(Path("raw"))) == facts


def test_each_of_two_files_of_one_name_counts(raw_dir: Path) -> None:
    before = files_facts(files(raw_dir))
    (raw_dir / "train" / "0.wav").write_text("other")
    after = files_facts(files(raw_dir))
    assert after["train/0.wav"] != before["train/0.wav"]
    assert after["test/0.wav"] == before["test/0.wav"]


def test_large_files_are_known_by_size_and_time_of_change(
    raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE_FILE_BYTES", 4)
    path = raw_dir / "train" / "0.wav"
    changed = path.stat().st_mtime_ns
    assert files_facts([path]) == {"0.wav": f"11 bytes, changed {changed}"}


def test_many_files_are_known_folder_by_folder(
    raw_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw_dir / "train" / "1.wav").write_text("another")
    monkeypatch.setattr(module, "MANY_FILES", 2)
    before = files_facts(files(raw_dir))
    assert [(name, fact.partition(",")[0]) for name, fact in before.items()] == [
        ("test/", "1 files"),
        ("train/", "2 files"),
    ]
    shutil.copytree(raw_dir, tmp_path / "copy")  # with the times of change
    assert files_facts(files(tmp_path / "copy")) == before
    (raw_dir / "train" / "1.wav").write_text("changed")
    after = files_facts(files(raw_dir))
    assert after["train/"] != before["train/"]
    assert after["test/"] == before["test/"]


def test_no_files_are_no_facts() -> None:
    assert files_facts([]) == {}


def test_a_folder_stands_for_the_names_in_it(raw_dir: Path) -> None:
    folders = [raw_dir / "train", raw_dir / "test"]
    before = files_facts(folders)
    assert list(before) == ["train", "test"]
    assert before["train"].startswith("1 names, ")
    (raw_dir / "train" / "0.wav").write_text("other")
    assert files_facts(folders) == before
    (raw_dir / "train" / "1.wav").write_text("one more")
    after = files_facts(folders)
    assert after["train"].startswith("2 names, ")
    assert after["test"] == before["test"]
