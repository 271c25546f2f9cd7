"""The protocol of octet_caption: two hands, known and unseen things."""

from __future__ import annotations

from collections import Counter

import pytest

from t2t_multimodel.problems.octet import vendored


@pytest.fixture(scope="module")
def rows():
    return list(vendored.table("captions"))


def emoji(rows, split, vendor=None):
    return {
        row["unified"] for row in rows if row["split"] == split and vendor in (None, row["vendor"])
    }


def test_dev_and_test_are_known_emoji_drawn_by_the_other_hand(rows):
    for split in ("dev", "test"):
        assert {row["vendor"] for row in rows if row["split"] == split} == {"twitter"}
        assert emoji(rows, split) - emoji(rows, "train", "google") == set()
        assert emoji(rows, split) & emoji(rows, "train", "twitter") == set()


def test_unseen_emoji_are_in_no_other_split_and_neither_are_their_names(rows):
    others = [row for row in rows if row["split"] != "test_unseen"]
    unseen = [row for row in rows if row["split"] == "test_unseen"]
    assert {row["unified"] for row in unseen} & {row["unified"] for row in others} == set()
    assert {row["name"] for row in unseen} & {row["name"] for row in others} == set()
    assert Counter(row["vendor"] for row in unseen) == {"google": 171, "twitter": 171}


def test_train_has_both_hands(rows):
    vendors = Counter(row["vendor"] for row in rows if row["split"] == "train")
    assert vendors == {"google": 1413, "twitter": 925}


def test_an_emoji_has_one_name_and_a_name_one_emoji(rows):
    names = {(row["unified"], row["name"]) for row in rows}
    assert len(names) == len({unified for unified, _ in names}) == len({name for _, name in names})
    assert ("1F468-200D-1F33E", "man farmer") in names


def test_transparent_pixels_are_white(examples):
    corners = [example["inputs"][0, 0].tolist() for example in examples("octet_caption", "test")]
    assert corners.count([255, 255, 255]) > 0.8 * len(corners)
