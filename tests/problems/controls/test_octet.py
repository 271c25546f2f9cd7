"""The controls differ from the octet's own problems in one thing alone."""

from __future__ import annotations

from collections import Counter

import numpy as np

from t2t_multimodel.registry import problems


def both(control: str, original: str, split: str) -> tuple[list, list]:
    return tuple(list(problems.get(name)().examples(split, None)) for name in (control, original))  # type: ignore[return-value]


def test_shuffled_labels_are_as_frequent_but_say_nothing_of_the_pictures() -> None:
    control, original = both("control_image_shuffled", "octet_image", "train")
    labels, known = ([one["targets"] for one in them] for them in (control, original))
    assert Counter(labels) == Counter(known)
    assert np.mean(np.asarray(labels) == np.asarray(known)) < 0.15  # a tenth by chance
    assert all(
        np.array_equal(a["inputs"], b["inputs"]) for a, b in zip(control, original, strict=True)
    )


def test_test_labels_are_the_real_ones() -> None:
    control, original = both("control_image_shuffled", "octet_image", "test")
    assert [one["targets"] for one in control] == [one["targets"] for one in original]


def test_a_tenth_of_the_trees_is_every_tenth_and_the_test_split_is_whole() -> None:
    control, original = both("control_parse_tenth", "octet_parse", "train")
    assert len(control) == 1544
    assert control == original[::10]
    control, original = both("control_parse_tenth", "octet_parse", "test")
    assert control == original
