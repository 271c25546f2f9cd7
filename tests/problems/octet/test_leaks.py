"""Nothing that one problem tests was trained on, by that problem or by another."""

from __future__ import annotations

import hashlib
from itertools import combinations

import pytest

from t2t_multimodel.problems.formats.split import normalise
from t2t_multimodel.problems.octet import vendored
from t2t_multimodel.registry import problems, vocabularies

ENGLISH = (("octet_ende", "inputs"), ("octet_speech", "targets"), ("octet_parse", "inputs"))
"""Running English text, which three problems draw from two sources."""
TEXT = (
    *ENGLISH,
    ("octet_ende", "targets"),
    ("octet_enfr", "targets"),
)
"""Every text column that has splits; captions have a protocol of their own."""


def words(text):
    """The normal form, for the parser's words too: it writes "We 've seen them ."."""
    return normalise(text).replace("'", " ").split()


def keys(examples, name, column, splits):
    return {
        " ".join(words(example[column])) for split in splits for example in examples(name, split)
    }


@pytest.mark.parametrize(("name", "column"), TEXT)
def test_no_text_is_in_two_splits(name, column, examples):
    for one, other in combinations(("train", "dev", "test"), 2):
        shared = keys(examples, name, column, [one]) & keys(examples, name, column, [other])
        assert shared == set(), f"{one} and {other}"


@pytest.mark.parametrize(("tested", "tested_column"), ENGLISH)
@pytest.mark.parametrize(("trained", "trained_column"), ENGLISH)
def test_no_english_text_is_trained_here_and_tested_there(
    trained, trained_column, tested, tested_column, examples
):
    train = keys(examples, trained, trained_column, ["train"])
    held_out = keys(examples, tested, tested_column, ["dev", "test"])
    assert train & held_out == set()


@pytest.mark.parametrize("name", ["octet_image", "octet_caption", "octet_speech"])
def test_no_picture_or_clip_is_in_two_splits(name, examples):
    seen = {}
    for split in problems.get(name).splits:
        for example in examples(name, split):
            value = example["inputs"]
            data = value if isinstance(value, bytes) else value.tobytes()
            digest = hashlib.sha256(data).hexdigest()
            assert seen.setdefault(digest, split) == split
    assert len(seen) > 2600


def test_no_page_of_the_help_is_in_two_splits():
    pages = {}
    for row in vendored.table("translation"):
        assert pages.setdefault(row["page"], row["split"]) == row["split"]
    assert len(pages) > 1500


def test_the_vocabulary_is_learned_from_train_texts_alone(examples):
    learned = set(vocabularies.get("octet")().text(None))
    for name, column in TEXT:
        train = {example[column] for example in examples(name, "train")}
        held_out = {ex[column] for split in ("dev", "test") for ex in examples(name, split)}
        assert train <= learned
        assert held_out & learned == set(), name
    names = {example["targets"] for example in examples("octet_caption", "train")}
    unseen = {example["targets"] for example in examples("octet_caption", "test_unseen")}
    assert names <= learned
    assert unseen & learned == set()
