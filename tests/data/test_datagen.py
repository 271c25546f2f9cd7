"""Datagen: made once, found again, made again when stale, the same from any process."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from t2t_multimodel import (
    Audio,
    ClassLabel,
    Image,
    Problem,
    Text,
    UserError,
    register_problem,
    usr_dir,
)
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.problem import Problem as Base

SPELLING = '''
from t2t_multimodel import Problem, Text, register_problem


@register_problem("made_spelling")
class Spelling(Problem):
    """Numbers to their digits."""

    inputs = Text()
    targets = Text()
    {extra}

    def examples(self, split, raw_dir):
        for n in range(30 if split == "train" else 5):
            yield {{"inputs": f"number {{n}}", "targets": " ".join(str(n))}}
'''


def spelling(folder: Path, extra: str = "") -> None:
    """Makes `made_spelling` known from a user's file, as worker processes need it."""
    folder.mkdir(exist_ok=True)
    (folder / "spelling.py").write_text(SPELLING.format(extra=extra))
    usr_dir.add(folder)


def make(name: str, data_dir: Path, **options: Any) -> tuple[Prepared, list[str]]:
    lines: list[str] = []
    options = {"vocab_size": 300, "report": lines.append, **options}
    raw_dir = options.pop("raw_dir", None)
    prepared = generate([name], data_dir, raw_dir, DatagenOptions(**options))[name]
    return prepared, [line for line in lines if not line.startswith("vocabulary ")]


def states(folder: Path) -> dict[str, tuple[int, int]]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(p): (p.stat().st_ino, p.stat().st_mtime_ns) for p in paths}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_shards_index_and_manifest_are_written(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    prepared, lines = make("made_spelling", tmp_path / "data")
    assert prepared.folder == tmp_path / "data" / "made_spelling" / prepared.fingerprint
    records = [f"made_spelling-train.tfrecord-0000{i}-of-00004" for i in range(4)]
    records.append("made_spelling-test.tfrecord-00000-of-00001")
    names = [f"{name}{ending}" for name in records for ending in ("", ".index.npz", ".json")]
    assert sorted(contents(prepared.folder)) == sorted([*names, "train.json", "test.json"])
    manifest = json.loads((prepared.folder / "train.json").read_text())
    assert (manifest["examples"], manifest["rejected"]) == (30, {})
    assert [shard["examples"] for shard in manifest["shards"]] == [8, 8, 7, 7]
    assert manifest["made_from"]["version"] == "1"
    assert [line.split(" MB")[0] for line in lines] == [
        "made_spelling train: 30 examples, 0.0",
        "made_spelling test: 5 examples, 0.0",
    ]


def test_examples_come_back_as_they_were_yielded(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    prepared, _ = make("made_spelling", tmp_path / "data")
    dataset = prepared.dataset("train")
    tokenizer = prepared.tokenizers["made_spelling"]
    pairs = {
        tuple(Text().decode(dataset[i][name], tokenizer) for name in ("inputs", "targets"))
        for i in range(len(dataset))
    }
    assert pairs == {(f"number {n}", " ".join(str(n))) for n in range(30)}


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    first, _ = make("made_spelling", tmp_path / "data")
    before = states(tmp_path / "data")
    second, lines = make("made_spelling", tmp_path / "data")
    assert states(tmp_path / "data") == before
    assert (second.folder, lines) == (first.folder, [])


@pytest.mark.parametrize("damage", ["missing", "truncated", "index", "summary"])
def test_a_shard_that_is_not_whole_is_made_again_the_same(tmp_path: Path, damage: str) -> None:
    spelling(tmp_path / "mine")
    prepared, _ = make("made_spelling", tmp_path / "data")
    before = contents(prepared.folder)
    shard = prepared.folder / "made_spelling-train.tfrecord-00002-of-00004"
    if damage == "missing":
        shard.unlink()
    elif damage == "truncated":
        shard.write_bytes(shard.read_bytes()[:-1])
    elif damage == "index":
        shard.with_name(f"{shard.name}.index.npz").unlink()
    else:  # as a kill before the last shard leaves it
        shard.with_name(f"{shard.name}.json").unlink()
        (prepared.folder / "train.json").unlink()
    kept = states(prepared.folder)
    make("made_spelling", tmp_path / "data")
    assert contents(prepared.folder) == before
    now = states(prepared.folder)
    changed = {Path(path).name for path in now if now[path] != kept.get(path)}
    summary = [f"{shard.name}.json", f"{shard.name}.index.npz"]
    assert changed == {shard.name, *summary, "train.json"}


def test_two_workers_write_the_same_bytes_as_one(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    one, _ = make("made_spelling", tmp_path / "one", workers=1)
    two, _ = make("made_spelling", tmp_path / "two", workers=2)
    assert contents(one.folder) == contents(two.folder)


def test_an_error_in_a_worker_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from t2t_multimodel import ClassLabel, Image, Problem, register_problem\n"
        '@register_problem("made_broken")\n'
        "class Broken(Problem):\n"
        "    inputs = Image(2, 2)\n    targets = ClassLabel(2)\n"
        '    def examples(self, split, raw_dir):\n        yield {"input": 1, "targets": 1}\n'
    )
    usr_dir.add(tmp_path / "mine.py")
    with pytest.raises(UserError) as caught:
        make("made_broken", tmp_path / "data", workers=2)
    split = "train" if "train" in caught.value.message else "test"  # whichever fails first
    assert str(caught.value) == (
        f"Problem 'made_broken', {split} example 0: inputs missing; it has input, targets.\n"
        'examples() must yield {"inputs": ..., "targets": ...}.'
    )


def test_a_worker_that_dies_is_explained(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\nfrom t2t_multimodel import ClassLabel, Image, Problem, register_problem\n"
        '@register_problem("made_deadly")\n'
        "class Deadly(Problem):\n"
        "    inputs = Image(2, 2)\n    targets = ClassLabel(2)\n"
        "    def examples(self, split, raw_dir):\n        os._exit(9)\n"
    )
    usr_dir.add(tmp_path / "mine.py")
    with pytest.raises(UserError) as caught:
        make("made_deadly", tmp_path / "data", workers=2)
    assert str(caught.value) == (
        "A process that writes records died.\n"
        'In a script, call this below `if __name__ == "__main__":`, or pass workers=1; '
        "if memory ran out, use fewer workers."
    )


class Made(Base):
    """A problem whose examples a test gives, without its name."""

    inputs: Any = Text()
    targets: Any = ClassLabel(names=("no", "yes"))
    train_shards = 1
    given: dict[str, list[dict[str, Any]]] = {}

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        yield from self.given[split]


GOOD = {"inputs": "a good text", "targets": "yes"}


@pytest.mark.parametrize("example", [{"targets": 1}, {}])
def test_a_first_example_without_a_feature_is_a_mistake_in_the_code(
    tmp_path: Path, example: dict[str, Any]
) -> None:
    @register_problem("made_keys")
    class Keys(Made):
        given = {"train": [example, GOOD], "test": [GOOD]}

    with pytest.raises(UserError) as caught:
        make("made_keys", tmp_path)
    missing, has = ("inputs", "targets") if example else ("inputs and targets", "nothing")
    assert str(caught.value) == (
        f"Problem 'made_keys', train example 0: {missing} missing; it has {has}.\n"
        'examples() must yield {"inputs": ..., "targets": ...}.'
    )


def test_a_later_example_without_a_feature_is_left_out_and_named(tmp_path: Path) -> None:
    @register_problem("made_keys")
    class Keys(Made):
        given = {"train": [GOOD, {"targets": 1}, {}, GOOD], "test": [GOOD]}

    prepared, _ = make("made_keys", tmp_path)
    assert len(prepared.dataset("train")) == 2
    assert _reasons(prepared) == {
        "inputs missing": [
            "train example 1: inputs missing; it has targets",
            "train example 2: inputs missing; it has nothing",
        ]
    }


def test_bad_values_are_left_out_counted_and_named(tmp_path: Path) -> None:
    @register_problem("made_values")
    class Values(Made):
        inputs = Text(max_length=8)
        given = {
            "train": [
                {**GOOD, "targets": "maybe"},
                {**GOOD, "inputs": 7},
                {**GOOD, "inputs": " "},
                {**GOOD, "targets": 2},
                {**GOOD, "inputs": "word " * 30},
                GOOD,
            ],
            "test": [GOOD],
        }

    prepared, lines = make("made_values", tmp_path)
    assert len(prepared.dataset("train")) == 1
    manifest = json.loads((prepared.folder / "train.json").read_text())
    assert manifest["rejected"] == {"bad targets": 2, "bad inputs": 2, "inputs too long": 1}
    (length,) = [int(word) for word in lines[3].split() if word.isdigit() and word not in "1 4 8"]
    assert length > 30
    assert lines[1:4] == [
        "  2 left out: bad targets, e.g. train example 0: targets: "
        "label 'maybe' is none of the 2 class names",
        "  2 left out: bad inputs, e.g. train example 1: inputs: text must be a str, but is int",
        f"  1 left out: inputs too long, e.g. train example 4: inputs: {length} is longer than 8",
    ]
    assert manifest["shards"][0]["reasons"]["bad inputs"] == [
        "train example 1: inputs: text must be a str, but is int",
        "train example 2: inputs: text is empty",
    ]


def test_bad_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    png = io.BytesIO()
    Pillow.fromarray(picture).save(png, "PNG")

    @register_problem("made_pictures")
    class Pictures(Made):
        inputs = Image(2, 2)
        given = {
            "train": [
                {"inputs": picture, "targets": 0},
                {"inputs": np.zeros((3, 2, 3), np.uint8), "targets": 0},
                {"inputs": b"no picture", "targets": 0},
                {"inputs": tmp_path / "none.png", "targets": 0},
                {"inputs": png.getvalue(), "targets": 0},
            ],
            "test": [{"inputs": picture, "targets": 0}],
        }

    prepared, lines = make("made_pictures", tmp_path)
    assert len(prepared.dataset("train")) == 2
    shape, unreadable, absent = _reasons(prepared)["bad inputs"]
    assert shape == (
        "train example 1: inputs: image must be uint8 [2, 2, 3], but is uint8 [3, 2, 3]"
    )
    assert unreadable.startswith("train example 2: inputs: not a readable image: ")
    assert absent == (
        f"train example 3 ({tmp_path}/none.png): inputs: not a readable image: "
        "No such file or directory"
    )
    assert lines[1] == f"  3 left out: bad inputs, e.g. {shape}"


def test_bad_sound_is_left_out_and_named(tmp_path: Path) -> None:
    def clip(seconds: float) -> dict[str, Any]:
        return {"inputs": (np.zeros(int(8000 * seconds)), 8000), "targets": 1}

    @register_problem("made_clips")
    class Clips(Made):
        inputs = Audio(8000, max_seconds=1)
        given = {"train": [clip(0.5), clip(0), clip(1.5)], "test": [clip(0.5)]}

    prepared, _ = make("made_clips", tmp_path)
    assert len(prepared.dataset("train")) == 1
    assert _reasons(prepared) == {
        "bad inputs": ["train example 1: inputs: audio has no samples"],
        "inputs too long": ["train example 2: inputs: it is longer than 100"],
    }


def _reasons(prepared: Prepared) -> dict[str, list[str]]:
    manifest = json.loads((prepared.folder / "train.json").read_text())
    return manifest["shards"][0]["reasons"]


def test_only_the_first_of_many_bad_values_are_named(tmp_path: Path) -> None:
    @register_problem("made_many")
    class Many(Made):
        given = {"train": [GOOD, *[{**GOOD, "targets": n} for n in range(2, 52)]], "test": [GOOD]}

    prepared, _ = make("made_many", tmp_path)
    manifest = json.loads((prepared.folder / "train.json").read_text())
    assert manifest["rejected"] == {"bad targets": 50}
    assert len(_reasons(prepared)["bad targets"]) == 5


@pytest.mark.parametrize(
    ("examples", "why"),
    [
        ([], "examples() yielded nothing"),
        ([{**GOOD, "targets": 9}], "test example 0: targets: label 9 is out of range 0 to 1"),
    ],
)
def test_an_empty_split_says_why_and_is_looked_at_again(
    tmp_path: Path, examples: list[dict[str, Any]], why: str
) -> None:
    @register_problem("made_empty")
    class Empty(Made):
        given = {"train": [GOOD], "test": examples}

    for _ in range(2):
        with pytest.raises(UserError) as caught:
            make("made_empty", tmp_path)
        assert str(caught.value) == f"Problem 'made_empty' has no test examples: {why}."
    Empty.given = {"train": [GOOD], "test": [GOOD]}
    prepared, _ = make("made_empty", tmp_path)
    assert len(prepared.dataset("test")) == 1


def test_another_version_or_code_is_another_folder(tmp_path: Path) -> None:
    folders = set()
    for n, extra in enumerate(["", 'version = "2"', "train_shards = 2"]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(usr_dir, "_added", {})
            spelling(tmp_path / f"mine{n}", extra)
            folders.add(make("made_spelling", tmp_path / "data")[0].folder)
        _forget("made_spelling")
    assert len(folders) == 3


def _forget(name: str) -> None:
    from t2t_multimodel.registry import problems

    del problems._objects[name], problems._run_time[name]


def test_another_vocabulary_is_another_folder(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    first, _ = make("made_spelling", tmp_path / "data", vocab_size=300)
    second, _ = make("made_spelling", tmp_path / "data", vocab_size=290)
    assert first.tokenizers["made_spelling"].size > second.tokenizers["made_spelling"].size
    assert first.folder != second.folder


def test_a_changed_raw_file_is_another_folder(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "numbers.txt").write_text("1")
    first, _ = make("made_spelling", tmp_path / "data", raw_dir=tmp_path / "raw")
    (tmp_path / "raw" / "numbers.txt").write_text("2")
    second, _ = make("made_spelling", tmp_path / "data", raw_dir=tmp_path / "raw")
    assert first.folder != second.folder


def test_a_checkpoints_vocabulary_is_taken_as_it_is(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    first, _ = make("made_spelling", tmp_path / "one", vocab_size=290)
    second, _ = make("made_spelling", tmp_path / "two", tokenizers=first.tokenizers)
    assert second.fingerprint == first.fingerprint
    assert not (tmp_path / "two" / "vocab").exists()
    assert second.signature == first.signature


def test_an_unknown_name_stops_before_anything_is_written(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    with pytest.raises(UserError, match="^No problem is named 'made_speling'. Did you mean"):
        generate(["made_spelling", "made_speling"], tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_split_that_a_problem_lacks_is_named(tmp_path: Path) -> None:
    spelling(tmp_path / "mine")
    prepared, _ = make("made_spelling", tmp_path / "data")
    with pytest.raises(UserError) as caught:
        prepared.dataset("dev")
    assert str(caught.value) == "Problem 'made_spelling' has no split 'dev'; it has train, test."


def test_a_class_typed_at_a_prompt_is_encoded_in_this_process(tmp_path: Path) -> None:
    @register_problem("made_typed")
    class Typed(Made):
        __module__ = "__main__"
        train_shards = 3
        given = {"train": [GOOD] * 7, "test": [GOOD]}

    prepared, _ = make("made_typed", tmp_path, workers=3)
    assert len(prepared.dataset("train")) == 7


def test_a_problem_must_be_declared_before_it_is_made(tmp_path: Path) -> None:
    @register_problem("made_undeclared")
    class Undeclared(Problem):
        inputs = Text()

    with pytest.raises(UserError, match="^Problem 'made_undeclared' declares no targets."):
        make("made_undeclared", tmp_path)
