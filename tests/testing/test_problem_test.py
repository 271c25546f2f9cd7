"""ProblemTest passes a problem that keeps its contract, and tells what another breaks."""

from __future__ import annotations

import itertools
import unittest
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import Audio, ClassLabel, Image, Problem, Text, register_problem
from t2t_multimodel.testing import (
    ProblemTest,
    as_png,
    as_wav,
    tiny_images,
    tiny_sounds,
    tiny_texts,
    tiny_trees,
)
from t2t_multimodel.testing.problem_test import _twin


class TestOctetImage(ProblemTest):
    """A built-in problem by its name."""

    problem = "octet_image"
    most = 50


@register_problem("made_pictures")
class Pictures(Problem):
    """Pictures of files, and the place of a square."""

    inputs = Image(8, 8)
    targets = ClassLabel(4)
    metrics = ("top1",)

    def tiny(self, folder: Path) -> None:
        """Ten files for each split."""
        for n, (pixels, place) in enumerate(tiny_images(20)):
            path = folder / ("train" if n < 10 else "test") / f"{n}-{place}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(as_png(pixels))

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        for path in sorted((raw_dir / split).iterdir()):  # type: ignore[operator]
            yield {"inputs": path, "targets": int(path.stem[-1])}


class TestPictures(ProblemTest):
    """A problem of this file, over the made files of its twin."""

    problem = Pictures


class Leaky(Pictures):
    """Tests on what it trains on."""

    name = "made_leaky"

    def examples(self, split: str, raw_dir: Path | None) -> Any:
        return super().examples("train", raw_dir)


class OfLeaky(ProblemTest):
    problem = Leaky


def test_a_failure_says_what_to_change() -> None:
    with pytest.raises(AssertionError) as caught:
        OfLeaky().test_no_example_is_in_two_splits()
    assert str(caught.value) == (
        "10 of 10 examples of test are in train too, such as example 1, which is 1 of train.\n"
        "-> Split by what is in an example, such as a hash of it, after equal ones are put "
        "together."
    )
    with pytest.raises(unittest.SkipTest) as skipped:
        OfLeaky().test_other_processes_read_the_same()
    assert str(skipped.value) == "another process could not import the class by its name"


def test_a_problem_without_a_twin_is_read_as_it_is() -> None:
    class Plain(Problem):
        inputs = targets = Text()

    assert _twin(Plain()) is None


def test_tiny_data_is_all_different_and_the_same_in_every_call() -> None:
    assert tiny_texts(3) == [
        "The house is small today.",
        "The garden is small today.",
        "The table is small today.",
    ]
    assert tiny_texts(1, "de") == ["Das Haus ist heute klein."]
    assert len(set(tiny_texts(90))) == 90
    trees = tiny_trees(60)
    assert trees[:2] == [
        ("dogs bark", "(S (NP XX NP) (VP XX VP) S)"),
        ("clocks bark again", "(S (NP XX NP) (VP XX (ADVP XX ADVP) VP) S)"),
    ]
    assert len({sentence for sentence, _ in trees}) == 60
    assert all(len(s.split()) == t.split().count("XX") for s, t in trees)
    images, sounds = tiny_images(12), tiny_sounds(12)
    assert len({pixels.tobytes() for pixels, _ in images}) == 12
    assert [place for _, place in images[:5]] == [0, 1, 2, 3, 0]
    for (one, _), (other, _) in itertools.pairwise(images):
        assert one.shape == (8, 8, 3) and (one != other).any()
    assert [text for _, text in sounds[:2]] == ["dogs bark 0", "clocks bark 1"]
    assert all(len(samples) < 2 * rate for (samples, rate), _ in sounds)


def test_tiny_files_are_read_as_the_values_that_they_are_of() -> None:
    pixels, _ = tiny_images(1)[0]
    assert (Image(8, 8).encode(as_png(pixels), None) == pixels).all()
    sound, _ = tiny_sounds(1)[0]
    feature = Audio(rate=sound[1], form="waveform", max_seconds=2)
    difference = feature.encode(as_wav(sound), None).astype(int) - feature.encode(sound, None)
    assert abs(difference).max() <= 1
