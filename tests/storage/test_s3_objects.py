"""What a lock and a cache rest on, on a real server of S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.s3_server import s3_server

from t2t_multimodel import UserError, storage
from t2t_multimodel.runs.object_lock import ObjectLock


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with s3_server() as store:
        yield store


@pytest.fixture(autouse=True)
def cache(server: Any, tmp_path: Path) -> Iterator[None]:
    storage.use_cache(tmp_path / "cache")
    yield
    storage.use_cache()


def test_of_two_who_make_an_object_one_does() -> None:
    lock = storage.place("s3://shelf/one/.lock")
    assert [storage.create(lock, "first"), storage.create(lock, "second")] == [True, False]
    assert storage.text_of(lock) == "first"
    age = storage.age(lock)
    assert age is not None and 0 <= age < 60
    storage.replace(lock, "renewed")
    assert storage.text_of(lock) == "renewed"
    storage.remove(lock)
    assert (storage.text_of(lock), storage.age(lock)) == (None, None)


def test_a_run_has_one_trainer() -> None:
    run = storage.place("s3://shelf/run")
    first = ObjectLock(run)
    first.take()
    with pytest.raises(UserError, match=r"^s3://shelf/run is in use: process \d+ on .* trains in"):
        ObjectLock(run).take()
    first.release()
    second = ObjectLock(run)
    assert second.take() is None
    second.release()


def test_a_bucket_that_is_not_there_is_named_whether_it_is_read_or_written() -> None:
    with pytest.raises(UserError) as caught:
        storage.fetch(storage.place("s3://nowhere/data"))
    assert str(caught.value) == (
        "s3://nowhere/data was not read: there is no bucket s3://nowhere.\n"
        "Check its name, or make it: commands make no buckets."
    )
    file = storage.place("s3://nowhere/data/a.json")
    file.parent.mkdir(parents=True)
    file.write_text("1")
    with pytest.raises(UserError, match=r"a\.json was not written: there is no bucket s3://nowh"):
        storage.publish(file)


def test_a_changed_object_does_not_come_from_the_cache(server: Any, tmp_path: Path) -> None:
    for content in (b"first", b"other"):
        server.pipe_file("shelf/big/a.tfrecord-00000-of-00001", content)
        storage.use_cache(tmp_path / "cache")
        file = storage.fetch(storage.place("s3://shelf/big")) / "a.tfrecord-00000-of-00001"
        assert storage.is_near(file, "")
        assert file.read_bytes() == content
