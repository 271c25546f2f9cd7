"""Debian packages are read without Debian's tools."""

from __future__ import annotations

import random

import pytest

from t2t_multimodel import UserError
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
        (
            0,
            "x.deb is cut or damaged: it is not a Debian package: it does not start with b'!<arch>",
        ),
        (8, "x.deb is cut or damaged: it has 0 data.tar members"),
        (8 + 40, "x.deb is cut or damaged: bad member header at 48"),
        (8 + 60 + 4, "x.deb is cut or damaged: it has 0 data.tar members"),
        (-10, "x.deb is cut or damaged: data.tar.xz has "),
    ],
)
def test_another_file_or_a_cut_one_is_refused(write_deb, cut, message):
    deb = write_deb("x.deb", FILES)
    deb.write_bytes(deb.read_bytes()[:cut])
    with pytest.raises(UserError, match=message):
        list(read_deb(deb, lambda name: True))


@pytest.mark.parametrize("compression", ["xz", "gz"])
def test_a_single_flipped_bit_is_told_or_changes_nothing(write_deb, compression):
    deb = write_deb("x.deb", FILES, compression)
    good, whole = deb.read_bytes(), list(read_deb(deb, lambda name: True))
    draws, told = random.Random(0), 0
    for _ in range(150):
        damaged = bytearray(good)
        place = draws.randrange(8 * len(good))
        damaged[place // 8] ^= 1 << place % 8
        deb.write_bytes(damaged)
        try:
            assert list(read_deb(deb, lambda name: True)) == whole
        except UserError:
            told += 1
    assert told > 50  # what belongs to other members, or only dates a file, changes nothing
