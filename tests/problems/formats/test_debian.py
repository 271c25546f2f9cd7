"""Debian packages are read without Debian's tools."""

from __future__ import annotations

import pytest

from t2t_multimodel.problems.formats.debian import read_deb

FILES = {"./usr/share/a.txt": b"alpha", "./usr/share/b.txt": b"beta", "./usr/bin/c": b""}


@pytest.mark.parametrize("compression", ["xz", "gz"])
def test_wanted_files_are_read_in_order_without_the_leading_dot(write_deb, compression):
    deb = write_deb("x_1_all.deb", FILES, compression)
    found = list(read_deb(deb, lambda name: name.endswith(".txt")))
    assert found == [("usr/share/a.txt", b"alpha"), ("usr/share/b.txt", b"beta")]


def test_an_empty_file_is_a_file(write_deb):
    deb = write_deb("x.deb", FILES)
    assert list(read_deb(deb, lambda name: name == "usr/bin/c")) == [("usr/bin/c", b"")]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (0, "x.deb is not a Debian package: it does not start with b'!<arch>\\\\n'"),
        (8, "x.deb has no data.tar member"),
        (8 + 40, "x.deb is cut or damaged: bad member header at 48"),
        (8 + 60 + 4, "x.deb has no data.tar member"),
    ],
)
def test_another_file_or_a_cut_one_is_refused(write_deb, cut, message):
    deb = write_deb("x.deb", FILES)
    deb.write_bytes(deb.read_bytes()[:cut])
    with pytest.raises(ValueError, match=message):
        list(read_deb(deb, lambda name: True))
