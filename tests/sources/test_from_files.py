"""Problems out of usual files, from the files to records."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from PIL import Image as Pillow

from t2t_multimodel import Audio, ClassLabel, Image, Text, UserError, register_problem
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.sources import ClassFolders, ParallelText, Table

COUNTS = {"train": 12, "dev": 3, "test": 4}


def made(problem: type, raw_dir: Path, data_dir: Path, told: list[str] | None = None) -> Prepared:
    """Registers a class as `mine` and writes its records."""
    register_problem("mine")(problem)
    options = DatagenOptions(vocab_size=300, report=[].append if told is None else told.append)
    return generate(["mine"], data_dir, raw_dir, options)["mine"]


def decoded(prepared: Prepared, split: str) -> list[tuple[Any, Any]]:
    """The examples of a split as people see them."""
    problem = prepared.problem
    tokenizers: Any = prepared.tokenizers
    rows = []
    for example in (prepared.dataset(split)[i] for i in range(len(prepared.dataset(split)))):
        rows.append(
            tuple(
                feature.decode(example[name], problem.tokenizer(name, tokenizers))
                for name, feature in problem.features.items()
            )
        )
    return rows


def sentences(split: str) -> list[tuple[str, str]]:
    return [(f"the {split} cat {i}", f"die {split} katze {i}") for i in range(COUNTS[split])]


class MyEnDe(ParallelText):
    """English to German."""

    source, target = "en", "de"


class Reviews(Table):
    """Texts to classes."""

    source, target = "text", "label"
    targets = ClassLabel(names=("bad", "good"))
    metrics = ("top1",)


def test_parallel_files_packed_and_plain(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for split, word in (("train", "train"), ("dev", "val"), ("test", "test_2016")):
        pairs = sentences(split)
        (raw / f"{word}.en").write_text("".join(f"{one}\n" for one, _ in pairs))
        packed = gzip.compress("".join(f"{other}\n" for _, other in pairs).encode())
        (raw / f"{word}.de.gz").write_bytes(packed)
    prepared = made(MyEnDe, raw, tmp_path / "data")
    for split in COUNTS:
        assert sorted(decoded(prepared, split)) == sorted(sentences(split))


def test_unequal_line_counts_name_both(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for split in COUNTS:
        (raw / f"{split}.en").write_text("a\nb\nc\n")
        (raw / f"{split}.de").write_text("a\nb\nc\nd\ne\n" if split == "dev" else "a\nb\nc\n")
    with pytest.raises(UserError) as caught:
        made(MyEnDe, raw, tmp_path / "data")
    assert caught.value.message == (
        "dev.en has 3 lines, but dev.de has 5: lines do not belong together."
    )


def test_a_missing_split_says_what_may_be_done(tmp_path: Path) -> None:
    for end in ("en", "de"):
        (tmp_path / f"train.{end}").write_text("a\n")
    register_problem("mine")(MyEnDe)
    with pytest.raises(UserError) as caught:
        MyEnDe().source_files(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no pair of files dev.en and dev.de, which is dev of problem 'mine'; "
        "it holds train.de, train.en.\n"
        "Add it, leave dev out of `splits`, or cut it out of train: held_out = (0.05, 0.1)."
    )


def test_two_files_of_a_split_need_a_stem(tmp_path: Path) -> None:
    for name in ("train", "dev", "test_2016", "test_2017"):
        for end in ("en", "de"):
            (tmp_path / f"{name}.{end}").write_text(f"{name}\n")
    register_problem("mine")(MyEnDe)
    with pytest.raises(UserError) as caught:
        MyEnDe().source_files(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds test_2016.en and test_2017.en: which one is test?\n"
        'Move the other one away, or name it in the class: stems = {"test": "..."}.'
    )

    class Newer(MyEnDe):
        stems: ClassVar = {"test": "test_2017"}

    register_problem("newer")(Newer)
    assert [one["inputs"] for one in Newer().examples("test", tmp_path)] == ["test_2017"]


def _csv(split: str) -> tuple[str, str]:
    rows = [f'"good, ""{split}"" {i}",x,good\nbad {split} {i},x,bad\n' for i in range(3)]
    return "csv", "text,other,label\n" + "".join(rows)


def _tsv(split: str) -> tuple[str, str]:
    rows = [f'good, "{split}" {i}\tgood\nbad {split} {i}\tbad\n' for i in range(3)]
    return "tsv", "text\tlabel\n" + "".join(rows)


def _json_lines(split: str) -> tuple[str, str]:
    rows = [
        {"text": text, "label": text.split()[0].strip(",")}
        for i in range(3)
        for text in (f'good, "{split}" {i}', f"bad {split} {i}")
    ]
    return "jsonl", "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize("write", [_csv, _tsv, _json_lines])
def test_tables(tmp_path: Path, write: Any) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for split in COUNTS:
        end, text = write(split)
        (raw / f"{split}.{end}").write_text(text)
    prepared = made(Reviews, raw, tmp_path / "data")
    assert decoded(prepared, "dev") == [
        row for i in range(3) for row in ((f'good, "dev" {i}', "good"), (f"bad dev {i}", "bad"))
    ]


def test_bad_rows_are_left_out_and_named(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    good = '{"text": "fine", "label": "good"}\n{"text": "poor", "label": "bad"}\n'
    bad = '{"text": "lost\n[1]\n{"text": "what"}\n{"text": "odd", "label": "middling"}\n'
    for split in COUNTS:
        (raw / f"{split}.jsonl").write_text(good + (bad if split == "train" else ""))
    told: list[str] = []
    prepared = made(Reviews, raw, tmp_path / "data", told)
    assert sorted(decoded(prepared, "train")) == [("fine", "good"), ("poor", "bad")]
    assert told[1:4] == [
        told[1],
        "  2 left out: bad targets, e.g. train example 4 (train.jsonl:5): "
        "targets: there is no value",
        "  2 left out: bad inputs, e.g. train example 2 (train.jsonl:3): inputs: the line is no "
        "JSON: Unterminated string starting at: line 1 column 10 (char 9)",
    ]
    rows = list(Reviews().examples("train", raw))
    assert str(rows[3]["inputs"]) == "the row is no object, but [1]"


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    for split in COUNTS:
        (tmp_path / f"{split}.csv").write_text("txt,label\na,good\n")
    register_problem("mine")(Reviews)
    with pytest.raises(UserError) as caught:
        list(Reviews().examples("train", tmp_path))
    assert str(caught.value) == (
        "No column of train.csv is named 'text'. Did you mean 'txt'?\nKnown: label, txt."
    )


class Numbers(Table):
    """Words to words, one file, splits cut out of it."""

    source, target = "a", "b"
    columns = ("a", "b")
    held_out = (0.2, 0.2)
    inputs = targets = Text()


def test_splits_cut_out_of_one_file_share_no_input_and_stay(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "all.tsv").write_text("".join(f"word {i % 100}\tzahl {i}\n" for i in range(200)))
    prepared = made(Numbers, raw, tmp_path / "data")
    found = {split: decoded(prepared, split) for split in COUNTS}
    assert sum(map(len, found.values())) == 200
    words = {split: {one for one, _ in rows} for split, rows in found.items()}
    assert not words["train"] & (words["dev"] | words["test"])
    assert not words["dev"] & words["test"]
    assert [len(words[split]) for split in COUNTS] == [61, 25, 14]


def test_a_split_is_not_both_cut_and_given(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.tsv").write_text("a\tb\n")
    register_problem("mine")(Numbers)
    with pytest.raises(UserError) as caught:
        Numbers().source_files(tmp_path)
    assert str(caught.value) == (
        f"Problem 'mine' cuts test out of train, but {tmp_path} holds files of test: test.tsv.\n"
        "Set the share of test in held_out to 0, or move the files away."
    )


class Shades(ClassFolders):
    """Squares to their shade."""

    inputs = Image(4, 4, 1)
    targets = ClassLabel(names=("black", "white"))


def shades(raw: Path) -> None:
    for split, word in (("train", "train"), ("dev", "validation"), ("test", "test")):
        for name, value in (("black", 0), ("white", 255)):
            (raw / word / name).mkdir(parents=True)
            for i in range(COUNTS[split]):
                pixels = np.full((4, 4), value, np.uint8)
                Pillow.fromarray(pixels).save(raw / word / name / f"{i:02d}.png")


def test_pictures_by_class(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shades(raw)
    prepared = made(Shades, raw, tmp_path / "data")
    rows = decoded(prepared, "dev")
    assert [(int(pixels.mean()), name) for pixels, name in rows] == [
        *[(0, "black")] * 3,
        *[(255, "white")] * 3,
    ]


def test_a_folder_that_is_no_class(tmp_path: Path) -> None:
    shades(tmp_path)
    (tmp_path / "test" / "whyte").mkdir()
    register_problem("mine")(Shades)
    with pytest.raises(UserError) as caught:
        list(Shades().examples("test", tmp_path))
    assert str(caught.value) == (
        "No class of mine is named 'whyte'. Did you mean 'white'?\nKnown: black, white."
    )


class Tones(ClassFolders):
    """Sounds to their pitch, all splits cut."""

    inputs = Audio(rate=8000, n_mels=16)
    targets = ClassLabel(names=("high", "low"))
    held_out = (0.2, 0.2)


def test_sounds_by_class_in_one_folder(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for name, hertz in (("high", 1000), ("low", 200)):
        (raw / name).mkdir(parents=True)
        for i in range(12):
            wave = np.sin(np.arange(800) * 2 * np.pi * hertz / 8000)
            soundfile.write(raw / name / f"{i}.wav", 0.5 * wave, 8000)
    prepared = made(Tones, raw, tmp_path / "data")
    counts = {split: len(prepared.dataset(split)) for split in COUNTS}
    assert sum(counts.values()) == 24
    assert min(counts.values()) > 0
