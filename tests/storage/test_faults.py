"""What a store or the network refuses is told as what it is, and nothing is lost by it."""

from __future__ import annotations

import builtins
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from helpers.remote_storage import FaultyFileSystem, another_process, held, memory_storage

from t2t_multimodel import UserError, storage
from t2t_multimodel.data.files import written_by_rename

SETTINGS = (
    "docs/storage.md tells where address, name and key of a store are set "
    "(AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, ...)."
)
AGAIN = "The same command goes on from what is missing."


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[None]:
    with memory_storage(tmp_path):
        yield


def refused(url: str) -> str:
    with pytest.raises(UserError) as caught:
        storage.fetch(storage.place(url))
    return str(caught.value)


def test_an_unknown_scheme_names_the_nearest() -> None:
    assert refused("memry://shelf/x") == (
        "memry://shelf/x: no file system is called memry://. Did you mean 'memory'?\n"
        "Use one that fsspec knows, such as s3://, gs://, hdfs:// or memory://."
    )


@pytest.mark.parametrize(
    ("url", "module", "extra"), [("s3://b/x", "s3fs", "s3"), ("gs://b/x", "gcsfs", "gcs")]
)
def test_a_client_that_is_missing_names_the_extra(
    url: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_module(*_: Any, **__: Any) -> None:
        raise ImportError(f"Install {module}")

    monkeypatch.setattr(fsspec, "url_to_fs", no_module)
    scheme = url.split(":")[0]
    assert refused(url) == (
        f"{url}: the client of {scheme}://, {module}, is not installed.\n"
        f"pip install 't2t-multimodel[{extra}]'"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            PermissionError("Forbidden"),
            f"faulty://b/x was not read: the store does not permit it (Forbidden).\n"
            f"Check your key. {SETTINGS}",
        ),
        (
            FileNotFoundError("The specified bucket does not exist"),
            "faulty://b/x was not read: there is no bucket faulty://b.\n"
            "Check its name, or make it: commands make no buckets.",
        ),
        (
            TimeoutError("no answer in 60 s"),
            "faulty://b/x was not read: no answer in 60 s.\n"
            f"Check the network and the store, then run it again. {AGAIN}",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "faulty://b/x was not read: Network is unreachable.\n"
            f"Check the network and the store, then run it again. {AGAIN}",
        ),
    ],
)
def test_what_a_store_refuses_is_one_message(error: Exception, told: str) -> None:
    FaultyFileSystem.error = error
    assert refused("faulty://b/x") == told


def test_a_network_cut_in_mid_write_leaves_the_old_object_or_none() -> None:
    folder = storage.place("faulty://shelf/run")
    folder.mkdir(parents=True)
    (folder / "a.bin").write_text("old")
    storage.publish(folder)
    (folder / "a.bin").write_text("newer")
    (folder / "b.bin").write_text("more")
    FaultyFileSystem.left = 2
    with pytest.raises(UserError) as caught:
        storage.publish(folder)
    assert str(caught.value) == (
        "faulty://shelf/run/a.bin was not written: Connection reset by peer.\n"
        f"Check the network and the store, then run it again. {AGAIN}"
    )
    assert {name: data for name, data in held().items() if ".tmp" not in name} == {
        "/shelf/run/a.bin": b"old"
    }
    FaultyFileSystem.left = None
    storage.publish(folder)
    another_process()
    folder = storage.fetch(storage.place("faulty://shelf/run"))
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "a.bin": "newer",
        "b.bin": "more",
    }


def test_a_full_disk_of_the_cache_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = storage.place("memory://shelf/a.json")
    file.parent.mkdir(parents=True)
    file.write_text("1")
    storage.publish(file)
    another_process()
    path = storage.place("memory://shelf/a.json")

    def full(name: Any, mode: str = "r", *more: Any, **settings: Any) -> Any:
        if str(name).startswith(str(tmp_path / "cache")) and "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(name, mode, *more, **settings)

    opened = builtins.open
    monkeypatch.setattr(builtins, "open", full)
    with pytest.raises(UserError) as caught:
        storage.fetch(path)
    assert str(caught.value) == (
        f"memory://shelf/a.json was not read: the disk of the cache {tmp_path}/cache is full.\n"
        f"Make room there, or give --cache_dir on another disk. {AGAIN}"
    )


def test_a_full_disk_is_told_as_that_of_the_cache_when_a_file_is_written(tmp_path: Path) -> None:
    path = storage.place("memory://shelf/a.json")
    with pytest.raises(UserError) as caught, written_by_rename(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(caught.value) == (
        f"memory://shelf/a.json was not written: the disk of the cache {tmp_path}/cache is full.\n"
        f"Make room there, or give --cache_dir on another disk. {AGAIN}"
    )
    assert held() == {}


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    storage.use_cache(tmp_path / "file" / "cache")
    with pytest.raises(UserError) as caught:
        storage.place("memory://shelf/x")
    assert str(caught.value) == (
        f"The cache {tmp_path}/file/cache cannot be written: Not a directory.\n"
        "Give --cache_dir another folder."
    )
