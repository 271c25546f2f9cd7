"""Records in a store: written by one process, read by others through the cache or in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from helpers.remote_storage import (
    FaultyFileSystem,
    MemoryFileSystem,
    another_process,
    held,
    memory_storage,
)

from t2t_multimodel import UserError, storage, usr_dir
from t2t_multimodel.bin import mm_datagen
from t2t_multimodel.data import shards
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.raw_dirs import RawDirs

NAME = "tiny_shades"
URL = "memory://shelf/data"
PROBLEMS = ROOT / "tests/helpers/tiny_problems.py"


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[dict[str, Any]]:
    problems = tmp_path / "mine.py"  # of one test: names that are imported once are forgotten
    problems.write_text(PROBLEMS.read_text())
    usr_dir.add(problems)
    with memory_storage(tmp_path) as held_there:
        yield held_there


def made(url: str = URL, said: list[str] | None = None, **options: Any) -> Prepared:
    report = (said if said is not None else []).append
    options_ = DatagenOptions(report=report, **options)
    return generate([NAME], storage.place(url), options=options_)[NAME]


def examples(prepared: Prepared, split: str = "train") -> list[int]:
    dataset = prepared.dataset(split)
    return [int(np.ravel(dataset[n]["targets"])[0]) for n in range(len(dataset))]


def published() -> dict[str, bytes]:
    return {name: data for name, data in held().items() if ".tmp" not in name}


def test_records_are_equal_byte_by_byte_to_those_of_a_folder(tmp_path: Path) -> None:
    made()
    made(str(tmp_path / "data"))
    local = {
        f"/shelf/data/{path.relative_to(tmp_path / 'data')}": path.read_bytes()
        for path in (tmp_path / "data").rglob("*")
        if path.is_file()
    }
    assert published() == local


def test_another_process_makes_nothing_and_reads_through_the_cache(tmp_path: Path) -> None:
    expected = examples(made())
    another_process()
    said: list[str] = []
    prepared = made(said=said)
    assert said == []
    assert list((tmp_path / "cache/objects").glob("*")) == []  # no record was needed yet
    assert examples(prepared) == expected
    assert len(list((tmp_path / "cache/objects").iterdir())) == 4  # shards of train


def test_without_a_cache_each_record_is_read_where_it_is(tmp_path: Path) -> None:
    expected = examples(made())
    storage.use_cache(tmp_path / "cache", 0)
    assert examples(made()) == expected
    assert not (tmp_path / "cache/objects").exists()


def test_records_that_are_not_what_the_manifest_tells_of_are_refused(store: dict[str, Any]) -> None:
    made()
    another_process()
    prepared = made()
    name = next(name for name in store if name.endswith("-train.tfrecord-00000-of-00004"))
    damaged = bytearray(store[name].getvalue())
    damaged[40] ^= 1
    MemoryFileSystem().pipe_file(name, bytes(damaged))
    another_process()
    prepared = made()
    with pytest.raises(UserError) as caught:
        prepared.dataset("train")
    assert str(caught.value) == (
        f"memory:/{name} was not read: its content is not what its manifest tells of.\n"
        "mm-datagen --problem=... --verify finds what is damaged and makes it again."
    )
    another_process()
    said: list[str] = []
    made(said=said, verify=True)
    assert any("is damaged: record 0" in line and line.endswith("made again.") for line in said)
    another_process()
    assert len(examples(made())) == 100


def test_a_damaged_shard_loses_its_summary_in_the_store_before_it_is_made_again(
    store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    whole = published()
    name = next(name for name in store if name.endswith("-train.tfrecord-00000-of-00004"))
    MemoryFileSystem().pipe_file(name, bytes(len(whole[name])))
    another_process()
    monkeypatch.setattr(shards, "write_records", None)
    with pytest.raises(TypeError):
        made(verify=True)
    assert whole.keys() - published().keys() == {f"{name}.json"}
    monkeypatch.undo()
    another_process()
    made()
    assert published() == whole


@pytest.mark.parametrize("bytes_before", [0, 1000, 3000, 9000, 12000])
def test_a_network_that_is_cut_in_datagen_loses_nothing(
    bytes_before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    whole = published()
    MemoryFileSystem.store.clear()
    another_process()
    FaultyFileSystem.left = bytes_before
    with pytest.raises(UserError, match="was not written: Connection reset by peer"):
        made("faulty://shelf/data")
    FaultyFileSystem.left = None
    before = published()
    assert all(whole[name] == data for name, data in before.items())
    another_process()
    again: list[str] = []
    write = shards.write_records
    monkeypatch.setattr(
        shards, "write_records", lambda path, all_: again.append(path.name) or write(path, all_)
    )
    made("faulty://shelf/data")
    assert published() == whole
    done = [name for name in before if re.search(r"-of-0000\d\.json$", name)]
    assert len(again) == 5 - len(done)  # what was whole is not made again


def test_processes_write_into_a_store_too() -> None:
    made(workers=2)
    another_process()
    assert len(examples(made())) == 100


def test_raw_files_of_a_store_are_read_by_code_that_knows_paths_alone() -> None:
    memory = MemoryFileSystem()
    memory.pipe_file("/raw/train/1.wav", b"one")
    memory.pipe_file("/raw/train/2.wav", b"two")
    dirs = RawDirs.parse("memory://raw")
    assert str(dirs) == "memory://raw"
    folder = dirs.of("any")
    assert folder is not None
    assert [path.read_text() for path in sorted((folder / "train").glob("*.wav"))] == ["one", "two"]
    named = RawDirs.parse("tiny_shades:memory://raw/train")
    assert str(named) == "tiny_shades:memory://raw/train"
    with pytest.raises(UserError, match=r"--raw_dir=memory://no: there is no folder memory://no"):
        RawDirs.parse("memory://no")


def test_a_problem_of_usual_files_may_lie_in_a_store(tmp_path: Path) -> None:
    memory = MemoryFileSystem()
    for split, pairs in (("train", 40), ("dev", 4), ("test", 4)):
        for side in ("en", "de"):
            lines = "".join(f"{side} number {n}\n" for n in range(pairs))
            memory.pipe_file(f"/texts/{split}.{side}", lines.encode())
    flags = [f"--cache_dir={tmp_path}/cache", "--data_dir=memory://shelf/data"]
    flags += ["--vocab_size=300", "--workers=1"]
    source = ["--from=parallel:memory://texts", "--source=en", "--target=de"]
    assert mm_datagen.main([*source, "--problem=far_ende", *flags]) == 0
    assert b'"folder": "memory://texts"' in held()["/shelf/data/far_ende/problem.json"]


def test_code_of_the_user_may_lie_in_a_store_and_is_recorded_by_its_url() -> None:
    MemoryFileSystem().pipe_file(
        "/code/shades.py", PROBLEMS.read_bytes().replace(b"tiny_", b"far_")
    )
    usr_dir.add("memory://code/shades.py")
    assert usr_dir.added()[-1] == "memory://code/shades.py"
    prepared = generate(
        ["far_shades"], storage.place(URL), options=DatagenOptions(report=lambda line: None)
    )
    assert len(prepared["far_shades"].dataset("test")) == 4
