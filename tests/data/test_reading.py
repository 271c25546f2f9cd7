from __future__ import annotations

from pathlib import Path

from t2t_multimodel.data import reading


def test_parts_are_named_by_their_files(tmp_path: Path) -> None:
    files = (tmp_path / "a/x.de", tmp_path / "a/x.en")
    assert reading.place(None, "train", tmp_path) == "train"
    assert reading.place(files[0], "train", tmp_path) == "train a/x.de"
    assert reading.place(files, "test", tmp_path) == "test a/x.de a/x.en"
    assert reading.place("europarl", "dev", tmp_path) == "dev europarl"
