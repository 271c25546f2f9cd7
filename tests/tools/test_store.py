"""Equal contents give equal files."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from t2t_multimodel.problems.octet import vendored
from tools.octet.store import read_table, write_array, write_table, write_zip


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(vendored, "_DATA", tmp_path)
    return tmp_path


def test_an_array_is_read_as_written(data):
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_array(data / "x.npy.xz", values.transpose(0, 2, 1))
    read = vendored.array("x")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, values.transpose(0, 2, 1))


def test_a_table_is_read_as_written(data):
    write_table(data / "x.tsv.xz", ("split", "text"), [("train", "ä\u2028ö"), ("dev", "")])
    rows = [{"split": "train", "text": "ä\u2028ö"}, {"split": "dev", "text": ""}]
    assert list(vendored.table("x")) == read_table(data / "x.tsv.xz") == rows
    assert list(vendored.table("x", "dev")) == rows[1:]


@pytest.mark.parametrize("row", [("a\tb", ""), ("a\n", ""), ("one cell",)])
def test_a_row_that_would_not_read_back_is_refused(data, row):
    with pytest.raises(ValueError, match="row does not fit the columns"):
        write_table(data / "x.tsv.xz", ("split", "text"), [row])


def test_a_zip_does_not_depend_on_the_day(data, monkeypatch):
    members = [("b.mp3", b"\xff" * 100), ("a.mp3", b"")]
    write_zip(data / "one.zip", members)
    monkeypatch.setattr(zipfile.time, "localtime", lambda *_: (2031, 5, 6, 7, 8, 9, 0, 0, 0))
    write_zip(data / "two.zip", members)
    assert (data / "one.zip").read_bytes() == (data / "two.zip").read_bytes()
    with zipfile.ZipFile(data / "one.zip") as archive:
        assert archive.namelist() == ["b.mp3", "a.mp3"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
