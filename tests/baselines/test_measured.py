from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import tiny_records as tiny
from helpers.tiny_records import prepared

from t2t_multimodel import Image, Problem, Text
from t2t_multimodel.baselines import main as baselines_main
from t2t_multimodel.baselines import measured as module
from t2t_multimodel.baselines.measured import Baselines, measure_baselines
from t2t_multimodel.bin import mm_problems
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.errors import UserError


@pytest.fixture(autouse=True)
def tiny_problems(tmp_path: Path) -> None:
    tiny.add(tmp_path / "mine")


@pytest.fixture
def shades(tmp_path: Path) -> Prepared:
    return prepared("tiny_shades", tmp_path)


@pytest.fixture
def words(tmp_path: Path) -> Prepared:
    return prepared("tiny_words", tmp_path)


def test_baselines_of_classes(shades: Prepared) -> None:
    # Train counts 60, 30, 0, 10, 0, 0; test labels 0, 0, 1, 2.
    baselines = measure_baselines(shades, "test", classical=False)
    assert baselines.trivial == {"log_ppl": math.log(6), "top1": 1 / 6, "top5": 5 / 6}
    expected = -(2 * math.log(61 / 106) + math.log(31 / 106) + math.log(1 / 106)) / 4
    assert baselines.source_blind == {"log_ppl": pytest.approx(expected), "top1": 0.5, "top5": 1.0}
    assert baselines.methods == {
        "trivial": "each of 6 classes alike",
        "source_blind": "class frequencies of 100 train examples",
    }


def test_baselines_of_text(words: Prepared) -> None:
    baselines = measure_baselines(words, "test", classical=False)
    train, test = ([tuple(t) for t in module._targets(words, s)] for s in ("train", "test"))
    counts = Counter(token for target in train for token in target)
    (most, _), *_ = counts.most_common(1)
    tokens = [token for target in test for token in target]
    assert baselines.trivial["teacher_forced/accuracy"] == pytest.approx(
        tokens.count(most) / len(tokens)
    )
    assert baselines.trivial["teacher_forced/sequence_accuracy"] == 0.0
    assert (
        baselines.source_blind["teacher_forced/log_ppl"]
        < baselines.trivial["teacher_forced/log_ppl"]
    )
    assert (
        baselines.source_blind["teacher_forced/sequence_accuracy"] == 2 / 5
    )  # "zwei", half of train
    assert baselines.source_blind["decoded/exact"] == 2 / 5
    assert baselines.source_blind["decoded/wer"] == 3 / 5
    assert baselines.methods["source_blind"].endswith(
        "4 train targets; decoded: the most frequent one"
    )


def test_the_record_of_a_measurement(words: Prepared) -> None:
    baselines = measure_baselines(words, "test")
    assert (baselines.problem, baselines.split, baselines.examples) == ("tiny_words", "test", 5)
    assert baselines.fingerprint == words.fingerprint
    assert baselines.command == "mm-problems baselines tiny_words"
    assert measure_baselines(words, "dev").command == "mm-problems baselines tiny_words --split=dev"
    assert baselines.versions["method"] == module.METHOD
    assert set(baselines.versions) == {
        "method", "t2t_multimodel", "numpy", "scikit-learn", "sacrebleu", "jiwer",
    }  # fmt: skip
    assert set(baselines.methods) == {"trivial", "source_blind", "classical"}
    assert baselines.classical == {"decoded/exact": 1.0, "decoded/wer": 0.0}
    assert Baselines.from_json(json.loads(json.dumps(baselines.to_json()))) == baselines


def stub(splits: dict[str, list[list[int]]]) -> Any:
    """A prepared problem of which only targets are known; a split that is not given fails."""
    examples = {s: [{"targets": np.asarray(t)} for t in ts] for s, ts in splits.items()}
    names = ("train", "dev", "test") if "dev" in splits else ("train",)
    problem = SimpleNamespace(splits=names, targets=Text())
    return SimpleNamespace(problem=problem, dataset=examples.__getitem__)


@pytest.mark.parametrize(("distance", "order"), [(2, 3), (3, 4), (4, 5)])
def test_dev_chooses_the_order_of_the_n_gram_and_test_is_not_read(
    distance: int, order: int
) -> None:
    rng = np.random.default_rng(0)
    sequences = []
    for _ in range(400):
        sequence = rng.integers(2, 8, distance).tolist()
        for _ in range(12):  # each token repeats the one `distance` before, most of the time
            sequence.append(sequence[-distance] if rng.random() < 0.8 else int(rng.integers(2, 8)))
        sequences.append([*sequence, 1])
    train, dev = sequences[:300], sequences[300:]
    arrays = [np.asarray(t) for t in train]
    assert module._best_order(stub({"train": train, "dev": dev}), arrays, 8) == order
    assert module._best_order(stub({"train": train}), arrays, 8) == order


def test_of_a_large_train_split_an_even_part_is_taken(
    shades: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LABELS", 10)
    baselines = measure_baselines(shades, "test", classical=False)
    assert baselines.methods["source_blind"] == "class frequencies of 10 train examples"
    expected = -(2 * math.log(7 / 16) + math.log(4 / 16) + math.log(1 / 16)) / 4
    assert baselines.source_blind["log_ppl"] == pytest.approx(expected)


@pytest.fixture
def no_measuring(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(*_: Any) -> None:
        raise AssertionError("measured again")

    def begin() -> None:
        monkeypatch.setattr(module, "_measured", refuse)
        monkeypatch.setattr(module, "classical_baseline", refuse)

    return begin


def test_baselines_are_stored_and_found(words: Prepared, no_measuring: Callable) -> None:
    baselines = measure_baselines(words, "test")
    no_measuring()
    assert measure_baselines(words, "test") == baselines
    assert measure_baselines(words, "test", classical=False) == baselines
    with pytest.raises(AssertionError, match="measured again"):
        measure_baselines(words, "dev")


def test_the_classical_bar_is_measured_when_it_is_asked_for(
    words: Prepared, no_measuring: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = measure_baselines(words, "test", classical=False)
    assert without.classical is None
    no_measuring()
    monkeypatch.setattr(module, "classical_baseline", lambda *_: ("by magic", {"decoded/wer": 0.5}))
    added = measure_baselines(words, "test")
    assert added.classical == {"decoded/wer": 0.5}
    assert added.methods == {**without.methods, "classical": "by magic"}
    assert added.source_blind == without.source_blind
    assert measure_baselines(words, "test", classical=False) == added


@pytest.mark.parametrize("stale", ["fingerprint", "method", "split"])
def test_stored_baselines_of_something_else_are_measured_again(words: Prepared, stale: str) -> None:
    right = measure_baselines(words, "test")
    values = right.to_json() | {"source_blind": {}}
    if stale == "method":
        values["versions"]["method"] = "0"
    else:
        values[stale] = "another"
    (words.folder / "baselines-test.json").write_text(json.dumps(values))
    assert measure_baselines(words, "test").source_blind == right.source_blind


def test_shipped_baselines_are_found_by_their_fingerprint(
    tmp_path: Path, no_measuring: Callable
) -> None:
    baselines = measure_baselines(prepared("tiny_words", tmp_path / "a"), "test")
    other = dataclasses.replace(baselines, fingerprint="another", seconds=999.0)
    shipped = json.dumps([other.to_json(), baselines.to_json()])
    (tmp_path / "mine" / "baselines.json").write_text(shipped)

    no_measuring()
    elsewhere = prepared("tiny_words", tmp_path / "b")
    assert measure_baselines(elsewhere, "test") == baselines
    assert not (elsewhere.folder / "baselines-test.json").exists()
    with pytest.raises(AssertionError, match="measured again"):
        measure_baselines(elsewhere, "dev")


def test_targets_without_baselines_are_refused(shades: Prepared) -> None:
    class Painting(Problem):
        name = "tiny_painting"
        inputs = targets = Image(4, 4, 1)

    painting = Prepared(Painting(), {}, shades.folder)
    with pytest.raises(UserError) as caught:
        measure_baselines(painting, "test")
    assert str(caught.value) == (
        "Problem 'tiny_painting' has Image targets; baselines are of tokens, classes and values."
    )


def test_an_unknown_split_is_refused(words: Prepared) -> None:
    with pytest.raises(UserError, match="has no split 'tset'; it has train, dev, test."):
        measure_baselines(words, "tset")


def test_the_command_measures_no_other_split_than_the_one_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["baselines", "tiny_words", "--split=nope", f"--data_dir={tmp_path}/data"]
    assert mm_problems.main(flags) == 2
    assert capsys.readouterr().err == (
        "No split of these problems is named 'nope'.\nKnown: dev, test, train.\n"
    )
    assert not (tmp_path / "data").exists()


def test_the_command_prints_every_score_and_how_it_was_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    results = baselines_main.baselines(
        ["tiny_shades", "tiny_words"], tmp_path, workers=1, split="dev"
    )
    assert [(r.problem, r.split) for r in results] == [
        ("tiny_shades", "test"),
        ("tiny_words", "dev"),
    ]
    printed = capsys.readouterr().out
    cells = [[c.strip() for c in line.split("│")[1:-1]] for line in printed.split("\n")]
    assert ["tiny_shades, test, n = 4", "", "", ""] in cells
    assert ["tiny_words (silver), dev, n = 1", "", "", ""] in cells
    assert ["log_ppl, lower is better", "1.792", "1.75", ""] in cells
    assert ["top1", "0.1667", "0.5", "0.75"] in cells
    assert ["decoded/wer, lower is better", "", "1", "0"] in cells
    assert "\ntiny_shades. trivial: each of 6 classes alike. source-blind: class freq" in printed
    assert "classical: logistic regression on pixels; 100 train examples.\n" in printed


def test_nothing_heavy_is_imported_before_it_is_needed(run_python: Callable) -> None:
    done = run_python("import t2t_multimodel.baselines.main")
    assert done.code == 0, done.err
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "sacrebleu", "jiwer", "rich", "nltk"}
    assert heavy & done.modules == set()


def test_measuring_needs_neither_tensorflow_nor_keras(run_python: Callable, tmp_path: Path) -> None:
    done = run_python(
        "from pathlib import Path\n"
        "from t2t_multimodel import usr_dir\n"
        "from t2t_multimodel.baselines.main import baselines\n"
        f"usr_dir.add({str(tmp_path / 'mine')!r})\n"
        f"baselines(['tiny_shades'], Path({str(tmp_path)!r}), workers=1)"
    )
    assert done.code == 0, done.err
    assert {"tensorflow", "keras"} & done.modules == set()


def test_baselines_learn_from_all_of_several_texts_and_score_the_first() -> None:
    several = [np.array([5, 1, 6, 7, 1]), np.array([8, 1])]
    prepared: Any = SimpleNamespace(
        problem=SimpleNamespace(targets=Text(several=True)),
        dataset=lambda split: [{"targets": array} for array in several],
    )
    train = [array.tolist() for array in module._targets(prepared, "train")]
    test = [array.tolist() for array in module._targets(prepared, "test")]
    assert train == [[5, 1], [6, 7, 1], [8, 1]]
    assert test == [[5, 1], [8, 1]]
