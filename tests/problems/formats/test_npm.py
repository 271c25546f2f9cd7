"""npm packages are read below their top folder."""

from __future__ import annotations

from t2t_multimodel.problems.formats.npm import read_npm


def test_names_are_relative_to_the_package(write_npm):
    files = {"package.json": b"{}", "img/a.png": b"1", "img/b.png": b"2"}
    package = write_npm("x-1.0.0.tgz", files)
    found = list(read_npm(package, lambda name: name.startswith("img/")))
    assert found == [("img/a.png", b"1"), ("img/b.png", b"2")]
