"""Planted faults: each is named with its file and record, and the rest is kept."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from helpers import corpus
from PIL import Image as Pillow

from t2t_multimodel import (
    Audio,
    ClassLabel,
    Image,
    Problem,
    Text,
    UserError,
    register_problem,
)
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate

TRAIN = 5 * 20


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    """Sound raw files; `made_corpus` reads them."""
    corpus.register()
    corpus.write_raw(tmp_path / "raw")
    return tmp_path / "raw"


def make(raw_dir: Path, **options: Any) -> tuple[Prepared, list[str]]:
    lines: list[str] = []
    options = {"vocab_size": 300, "report": lines.append, **options}
    prepared = generate(
        ["made_corpus"], raw_dir.parent / "data", raw_dir, DatagenOptions(**options)
    )
    return prepared["made_corpus"], lines


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def reasons(prepared: Prepared) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for shard in prepared.dataset("train").manifest["shards"]:
        for kind, of_kind in shard["reasons"].items():
            named.setdefault(kind, []).extend(of_kind)
    return named


@pytest.mark.parametrize(
    ("line", "kind", "reason"),
    [
        pytest.param(b"", "bad inputs", "inputs: text is empty", id="no line"),
        pytest.param(b" \tyes", "bad inputs", "inputs: text is empty", id="blank text"),
        pytest.param(
            b"caf\xe9 x\tyes",
            "bad inputs",
            "inputs: not UTF-8: invalid continuation byte at byte 3",
            id="not UTF-8",
        ),
        pytest.param(
            b"text\tmaybe",
            "bad targets",
            "targets: label 'maybe' is none of the 2 class names",
            id="unknown label",
        ),
        pytest.param(
            b"one column",
            "targets missing",
            "targets missing; it has origin, inputs",
            id="missing column",
        ),
        pytest.param(
            b"0" * 40 + b"\tyes", "inputs too long", "inputs: 41 is longer than 12", id="too long"
        ),
    ],
)
def test_a_bad_line_is_named_and_the_rest_kept(
    raw_dir: Path, line: bytes, kind: str, reason: str
) -> None:
    path = raw_dir / "train.3.tsv"
    lines = path.read_bytes().split(b"\n")
    lines[6] = line
    path.write_bytes(b"\n".join(lines))
    prepared, told = make(raw_dir)
    assert len(prepared.dataset("train")) == TRAIN - 1
    where = "train train.3.tsv example 6 (train.3.tsv:7): "
    assert reasons(prepared) == {kind: [f"{where}{reason}"]}
    assert f"  1 left out: {kind}, e.g. {where}{reason}" in told


def test_a_target_longer_than_the_limit_is_named_and_the_rest_kept(raw_dir: Path) -> None:
    class Swapped(corpus.Corpus):
        inputs = corpus.Corpus.targets
        targets = corpus.Corpus.inputs

        def examples_of(self, part: Path, split: str, raw_dir: Path | None) -> Iterator[dict]:
            for one in super().examples_of(part, split, raw_dir):
                yield {**one, "inputs": one["targets"], "targets": one["inputs"]}

    register_problem("made_swapped")(Swapped)
    with open(raw_dir / "train.4.tsv", "a") as file:
        file.write("0" * 40 + "\tyes\n")
    made = generate(
        ["made_swapped"], raw_dir.parent, raw_dir, DatagenOptions(report=lambda line: None)
    )
    assert len(made["made_swapped"].dataset("train")) == TRAIN
    assert reasons(made["made_swapped"]) == {
        "targets too long": [
            "train train.4.tsv example 20 (train.4.tsv:21): targets: 41 is longer than 12"
        ]
    }


def sound(samples: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\0" * samples)
    return buffer.getvalue()


def picture(form: str) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(np.zeros((4, 4, 3), np.uint8)).save(buffer, form)
    return buffer.getvalue()


class OfFiles(Problem):
    """Files named `<label>.<n>`, those of train."""

    targets = ClassLabel(2)
    splits = ("train",)
    train_shards = 1

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        assert raw_dir is not None
        for path in sorted(raw_dir.iterdir()):
            label = int(path.name.split(".")[0])
            yield {"inputs": path, "targets": label, "origin": path.name}


def of_files(tmp_path: Path, inputs: Any, good: bytes, bad: bytes, name: str) -> dict[str, Any]:
    """Makes a problem of two good files and one bad one; returns its manifest."""
    kind = register_problem("made_files")(type("Made", (OfFiles,), {"inputs": inputs}))
    (tmp_path / "raw").mkdir()
    for file, data in (("0.a", good), (name, bad), ("1.z", good)):
        (tmp_path / "raw" / file).write_bytes(data)
    made = generate(
        [kind.name], tmp_path / "data", tmp_path / "raw", DatagenOptions(report=lambda line: None)
    )
    assert len(made[kind.name].dataset("train")) == 2
    return made[kind.name].dataset("train").manifest["shards"][0]["reasons"]


@pytest.mark.parametrize(
    ("inputs", "good", "bad", "reason"),
    [
        (Image(4, 4), picture("PNG"), b"no image", "not a readable image: "),
        (Image(4, 4), picture("JPEG"), picture("JPEG")[:300], "not a readable image: "),
        (Image(4, 4), picture("JPEG"), b"", "not a readable image: "),
        (Audio(8000), sound(4000), sound(0), "audio has no samples"),
        (Audio(8000), sound(4000), b"RIFF", "not a readable sound file: "),
        (Audio(8000), sound(4000), sound(100), "audio of 100 samples is shorter than one frame"),
    ],
    ids=["no image", "half an image", "empty image", "no samples", "half a sound", "too short"],
)
def test_a_bad_file_is_named_and_the_rest_kept(
    tmp_path: Path, inputs: Any, good: bytes, bad: bytes, reason: str
) -> None:
    named = of_files(tmp_path, inputs, good, bad, "0.bad")
    assert list(named) == ["bad inputs"]
    assert named["bad inputs"][0].startswith(f"train example 1 (0.bad): inputs: {reason}")


def test_a_label_out_of_range_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    named = of_files(tmp_path, Image(4, 4), picture("PNG"), picture("PNG"), "2.b")
    assert named == {
        "bad targets": ["train example 2 (2.b): targets: label 2 is out of range 0 to 1"]
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_an_unreadable_raw_file_is_named_and_the_other_shards_are_kept(
    raw_dir: Path, workers: int
) -> None:
    path = raw_dir / "train.3.tsv"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError) as caught:
        make(raw_dir, workers=workers)
    message, fix = str(caught.value).split("\n")
    assert message.startswith(
        "Problem 'made_corpus', train train.3.tsv: unreadable from the start: "
        "IsADirectoryError: [Errno 21] Is a directory: "
    )
    assert fix == "Fetch the raw file again, then run the same command: what was made is kept."
    kept = sorted(raw_dir.parent.glob("data/made_corpus/*/*tfrecord-0000?-of-0000?"))
    assert [path.name.partition(".")[2] for path in kept] == [
        "tfrecord-00000-of-00001",
        "tfrecord-00001-of-00003",
        "tfrecord-00002-of-00003",
    ]
    written = [path.stat().st_mtime_ns for path in kept]
    path.rmdir()
    corpus.write_raw(raw_dir)
    prepared, told = make(raw_dir, workers=workers)
    assert len(prepared.dataset("train")) == TRAIN
    assert [line.partition(":")[0] for line in told] == ["made_corpus train"]
    assert [path.stat().st_mtime_ns for path in kept] == written


class Gzipped(corpus.Corpus):
    """The same, compressed."""

    def examples_of(self, part: Path, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        with gzip.open(part.with_suffix(".gz"), "rt") as file:
            for line in file:
                text, answer = line.rstrip("\n").split("\t")
                yield {"inputs": text, "targets": answer}


def test_a_raw_file_that_ends_early_is_named_with_the_count_of_what_it_had(raw_dir: Path) -> None:
    register_problem("made_gzipped")(Gzipped)
    Gzipped.inputs = Text(max_length=12)  # of a vocabulary of its own, trained on these files
    for path in raw_dir.glob("*.tsv"):
        data = gzip.compress(path.read_bytes())
        path.with_suffix(".gz").write_bytes(data[: -5 if path.name == "train.4.tsv" else None])
    with pytest.raises(UserError) as caught:
        generate(
            ["made_gzipped"],
            raw_dir.parent,
            raw_dir,
            DatagenOptions(vocab_size=300, report=lambda _: None),
        )
    assert re.fullmatch(
        r"Problem 'made_gzipped', train train.4.tsv: unreadable after 20 examples: EOFError: "
        r"Compressed file ended before the end-of-stream marker was reached "
        r"\(test_faults.py:\d+\).",
        caught.value.message,
    )


Damage = Callable[[Path], None]


def shard(folder: Path) -> Path:
    return folder / "made_corpus-train.tfrecord-00001-of-00003"


def truncated(folder: Path) -> None:
    shard(folder).write_bytes(shard(folder).read_bytes()[:-9])


def flipped(folder: Path) -> None:
    """One bit inside of the third record."""
    index = np.load(f"{shard(folder)}.index.npz")
    data = bytearray(shard(folder).read_bytes())
    data[int(index["offsets"][2]) + 14] ^= 4
    shard(folder).write_bytes(data)


def removed(folder: Path) -> None:
    shard(folder).unlink()


def exchanged(folder: Path) -> None:
    """Another file of the same size: its records are sound, but in another order."""
    data = shard(folder).read_bytes()
    offsets = np.load(f"{shard(folder)}.index.npz")["offsets"]
    records = [data[a:b] for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    shard(folder).write_bytes(b"".join(reversed(records)))


def without_index(folder: Path) -> None:
    Path(f"{shard(folder)}.index.npz").unlink()


def with_bad_index(folder: Path) -> None:
    Path(f"{shard(folder)}.index.npz").write_bytes(b"PK")


def with_other_index(folder: Path) -> None:
    other = folder / "made_corpus-train.tfrecord-00002-of-00003.index.npz"
    Path(f"{shard(folder)}.index.npz").write_bytes(other.read_bytes())


def with_wrong_lengths(folder: Path) -> None:
    path = Path(f"{shard(folder)}.index.npz")
    with np.load(path) as index:
        offsets, lengths = index["offsets"], index["lengths"].copy()
    lengths[4, 0] = 99
    np.savez(path, offsets=offsets, lengths=lengths)


def with_bad_summary(folder: Path) -> None:
    Path(f"{shard(folder)}.json").write_text("[")


def without_summary(folder: Path) -> None:
    Path(f"{shard(folder)}.json").unlink()


@pytest.mark.parametrize(
    ("damage", "verify", "fault"),
    [
        (truncated, False, "has SHORT bytes instead of SIZE"),
        (removed, False, "is missing"),
        (without_index, False, "has lost its index"),
        (without_summary, False, "has lost its summary"),
        (with_bad_summary, False, "has a damaged summary"),
        (truncated, True, "has SHORT bytes instead of SIZE"),
        (flipped, True, "is damaged: record 2 at byte OFFSET: wrong checksum"),
        (exchanged, True, "is not the file that its summary tells of"),
        (with_bad_index, True, "has a damaged index"),
        (with_other_index, True, "has an index of other records"),
        (with_wrong_lengths, True, "has a wrong index: record 4 is [LENGTH, 1] long, not [99, 1]"),
    ],
)
def test_a_damaged_shard_is_named_and_made_again(
    raw_dir: Path, damage: Damage, verify: bool, fault: str
) -> None:
    prepared, _ = make(raw_dir)
    before = contents(prepared.folder)
    index = np.load(f"{shard(prepared.folder)}.index.npz")
    size = shard(prepared.folder).stat().st_size
    for word, value in (
        ("SHORT", size - 9),
        ("SIZE", size),
        ("OFFSET", index["offsets"][2]),
        ("LENGTH", index["lengths"][4, 0]),
    ):
        fault = fault.replace(word, str(value))
    damage(prepared.folder)
    others = {
        path: path.stat().st_mtime_ns
        for path in prepared.folder.glob("*tfrecord*")
        if "00001-of-00003" not in path.name
    }
    _, told = make(raw_dir, verify=verify)
    assert f"{shard(prepared.folder)} {fault}; it is made again." in told
    assert contents(prepared.folder) == before
    assert {path: path.stat().st_mtime_ns for path in others} == others


def test_verify_finds_nothing_wrong_with_what_is_sound(raw_dir: Path) -> None:
    prepared, _ = make(raw_dir)
    before = {path: path.stat().st_mtime_ns for path in prepared.folder.iterdir()}
    _, told = make(raw_dir, verify=True)
    assert told == [
        "made_corpus train: every byte of 100 examples is as it was written",
        "made_corpus test: every byte of 20 examples is as it was written",
    ]
    assert {path: path.stat().st_mtime_ns for path in prepared.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flipped, "SHARD: record 2 is damaged: wrong checksum."),
        (truncated, "SHARD has SHORT bytes, but its index says SIZE."),
        (with_bad_index, "SHARD.index.npz is not a whole index: "),
    ],
)
def test_training_stops_at_damage_with_file_and_record(
    raw_dir: Path, damage: Damage, message: str
) -> None:
    prepared, _ = make(raw_dir)
    size = shard(prepared.folder).stat().st_size
    damage(prepared.folder)
    with pytest.raises(UserError) as caught:
        dataset = prepared.dataset("train")
        for i in range(len(dataset)):
            dataset[i]
    for word, value in (("SHARD", shard(prepared.folder)), ("SHORT", size - 9), ("SIZE", size)):
        message = message.replace(word, str(value))
    assert caught.value.message.startswith(message)
    assert "--verify" in caught.value.fix


@pytest.mark.parametrize("text", ["{", "{}", '{"made_from": 1}', '{"made_from": {}, "shards": []}'])
def test_a_damaged_manifest_is_made_again(raw_dir: Path, text: str) -> None:
    prepared, _ = make(raw_dir)
    before = contents(prepared.folder)
    (prepared.folder / "train.json").write_text(text)
    make(raw_dir)
    assert contents(prepared.folder) == before


def test_records_of_another_vocabulary_in_the_folder_are_stale(raw_dir: Path) -> None:
    prepared, _ = make(raw_dir)
    other, _ = make(raw_dir, vocab_size=290)
    before = contents(prepared.folder)
    for name, data in contents(other.folder).items():
        (prepared.folder / name).write_bytes(data)
    _, told = make(raw_dir)
    was, now = (made.tokenizers["made_corpus_words"].identity for made in (other, prepared))
    assert was != now
    assert [line for line in told if "examples" not in line] == [
        f"{prepared.folder}: the {split} records are stale: "
        f"vocabulary made_corpus_words was {was} and is {now}."
        for split in ("train", "test")
    ]
    assert contents(prepared.folder) == before


LIMITED = """
import resource, sys
from pathlib import Path
from t2t_multimodel.bin import mm_datagen
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
sys.exit(mm_datagen.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_where_files_may_not_grow_nothing_is_left_half_written(raw_dir: Path, workers: int) -> None:
    corpus.write_raw(raw_dir, files=3, lines=700)
    data_dir = raw_dir.parent / "data"
    command = [
        sys.executable,
        "-c",
        LIMITED,
        "--problem=made_corpus",
        "--vocab_size=290",
        f"--usr_dir={corpus.__file__}",
        f"--raw_dir={raw_dir}",
        f"--data_dir={data_dir}",
        f"--workers={workers}",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 2, done.stderr
    message, fix = done.stderr.splitlines()
    assert message.endswith("was not written: it grew larger than allowed (File too large).")
    assert fix == (
        "Raise the limit (`ulimit -f unlimited`), or write to another file system. "
        "The same command goes on from what is missing."
    )
    left = list(data_dir.glob("made_corpus/*/*"))  # two workers may end the short split
    whole = {"made_corpus-test.tfrecord-00000-of-00001", "test.json"}
    assert all(path.name.startswith(tuple(whole)) for path in left)
    manifests = [path for path in left if path.name in ("train.json", "test.json")]
    assert [json.loads(path.read_text())["split"] for path in manifests] in ([], ["test"])
