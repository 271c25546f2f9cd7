"""Each split of the octet has the size and the kind of values that its problem declares."""

from __future__ import annotations

import numpy as np
import pytest

from t2t_multimodel import Audio, Text
from t2t_multimodel.registry import problems

TRANSLATION = {"train": 23394, "dev": 1064, "test": 1025}
COUNTS = {
    "octet_image": {"train": 10000, "dev": 1000, "test": 2000},
    "octet_caption": {"train": 2338, "dev": 136, "test_unseen": 342, "test": 352},
    "octet_ende": TRANSLATION,
    "octet_deen": TRANSLATION,
    "octet_enfr": TRANSLATION,
    "octet_fren": TRANSLATION,
    "octet_frde": TRANSLATION,
    "octet_defr": TRANSLATION,
    "octet_speech": {"train": 2200, "dev": 150, "test": 300},
    "octet_parse": {"train": 15437, "dev": 500, "test": 500},
}


def test_these_are_all_octet_problems():
    assert {name for name in problems.names() if name.startswith("octet_")} == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name, examples):
    assert problems.get(name).splits == tuple(COUNTS[name])
    assert {split: len(examples(name, split)) for split in COUNTS[name]} == COUNTS[name]


@pytest.mark.parametrize("name", COUNTS)
def test_values_are_what_the_problem_declares(name, examples):
    problem = problems.get(name)
    for split in COUNTS[name]:
        for example in examples(name, split):
            assert set(example) == {"inputs", "targets"}
        for feature, key in ((problem.inputs, "inputs"), (problem.targets, "targets")):
            values = [example[key] for example in examples(name, split)]
            if isinstance(feature, Text):
                assert all(isinstance(value, str) and value == value.strip() for value in values)
                assert all(values)
            elif isinstance(feature, Audio):
                assert all(isinstance(value, bytes) for value in values)
            else:
                for value in values:
                    feature.encode(value, None)


@pytest.mark.parametrize("name", COUNTS)
def test_the_source_files_exist(name):
    files = problems.get(name)().source_files(None)
    assert files
    assert all(path.is_file() for path in files)


def test_image_classes_are_balanced(examples):
    for split, n in COUNTS["octet_image"].items():
        labels = [example["targets"] for example in examples("octet_image", split)]
        assert np.bincount(labels).tolist() == [n // 10] * 10


def test_each_language_fills_its_own_side(examples):
    pairs = {name: examples(name, "test") for name in COUNTS if COUNTS[name] is TRANSLATION}
    english = [pair["inputs"] for pair in pairs["octet_ende"]]
    german = [pair["targets"] for pair in pairs["octet_ende"]]
    french = [pair["targets"] for pair in pairs["octet_enfr"]]
    sides = {"en": english, "de": german, "fr": french}
    for name, part in pairs.items():
        source, target = name[-4:-2], name[-2:]
        assert [pair["inputs"] for pair in part] == sides[source]
        assert [pair["targets"] for pair in part] == sides[target]
    assert english[0] != german[0] != french[0]
    assert sum("the" in text.split() for text in english) > 400
    assert sum(bool({"der", "die", "das"} & set(text.split())) for text in german) > 400
    assert sum(bool({"le", "la", "les"} & set(text.split())) for text in french) > 400
