"""What is vendored: its size, its licences, and that it reads as it was written."""

from __future__ import annotations

import pytest
from conftest import ROOT

from t2t_multimodel.problems.octet import vendored

DATA = ROOT / "problems" / "octet" / "data"
FILES = sorted(path.name for path in DATA.iterdir() if path.is_file())


def test_the_whole_pack_stays_below_25_megabytes():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) <= 25_000_000


@pytest.mark.parametrize("name", FILES)
def test_the_notice_speaks_of_every_file(name):
    assert name in (ROOT / "NOTICE").read_text()


def test_every_licence_file_is_named_in_the_notice_and_the_other_way_round():
    notice = (ROOT / "NOTICE").read_text()
    on_disk = {path.name for path in (DATA / "licenses").iterdir()}
    words = {word.strip("(),;.:") for word in notice.split()}
    named = {word for word in words if word.endswith(".txt")}
    assert named == on_disk


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("MPL-2.0.txt", "Mozilla Public License Version 2.0"),
        ("Apache-2.0.txt", "Apache License"),
        ("CC-BY-4.0.txt", "Creative Commons Attribution 4.0 International Public License"),
        ("cldr-annotations-full.txt", "UNICODE LICENSE V3"),
        ("dataset-fashion-mnist.txt", "Zalando SE"),
        ("emoji-datasource.txt", "The MIT License"),
        ("flight-of-the-amazon-queen.txt", "You may modify the game as you wish."),
        ("flight-of-the-amazon-queen.readme.txt", "Flight of the Amazon Queen (Talkie)"),
        ("libreoffice-help-en-us.txt", "License: MPL-2.0"),
    ],
)
def test_licence_texts_are_the_real_ones(name, phrase):
    assert phrase in (DATA / "licenses" / name).read_text(encoding="utf-8")


def test_arrays_and_their_tables_are_equally_long():
    for name in ("images", "captions"):
        assert len(vendored.array(name)) == sum(1 for _ in vendored.table(name))


def test_the_clips_say_that_they_are_a_modified_version():
    with vendored.clips() as clips:
        assert clips.read("MODIFIED.txt").startswith(b"This is a modified version of")
