"""Paths that stand for URLs: what comes here, what goes there, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.remote_storage import MemoryFileSystem, another_process, held, memory_storage

from t2t_multimodel import UserError, storage
from t2t_multimodel.data.files import written_by_rename


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with memory_storage(tmp_path) as held_there:
        yield held_there


def put(url: str, text: str) -> None:
    path = storage.place(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    storage.publish(path)


def test_paths_of_this_machine_are_left_as_they_are(tmp_path: Path) -> None:
    assert storage.place("~/x") == Path.home() / "x"
    assert storage.place("file:///x/y") == Path("/x/y")
    assert storage.shown(tmp_path) == str(tmp_path)
    assert storage.fetch(tmp_path / "not there") == tmp_path / "not there"
    storage.publish(tmp_path)
    storage.remove(tmp_path)
    assert held() == {}
    assert not (tmp_path / "cache").exists()


def test_a_path_is_shown_as_the_url_that_it_stands_for() -> None:
    path = storage.place("memory://shelf/run") / "config.json"
    assert storage.is_remote(path)
    assert storage.shown(path) == "memory://shelf/run/config.json"
    assert str(UserError(f"{path} is damaged.")) == "memory://shelf/run/config.json is damaged."


def test_a_file_that_is_written_by_rename_is_there_at_once() -> None:
    with written_by_rename(storage.place("memory://shelf/a/b.json")) as file:
        file.write(b"whole")
        assert held() == {}
    assert held() == {"/shelf/a/b.json": b"whole"}


def test_another_process_gets_what_was_published_and_nothing_else() -> None:
    put("memory://shelf/run/one.json", "1")
    (storage.place("memory://shelf/run") / "two.json").write_text("not published")
    another_process()
    folder = storage.fetch(storage.place("memory://shelf/run"))
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"one.json": "1"}


def test_what_proves_a_folder_whole_is_put_last_and_removed_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = storage.place("memory://shelf/run/checkpoints/step-00000002")
    (step / "vocab").mkdir(parents=True)
    for name in ("checksums.json", "model.keras", "state.json", "vocab/en.model"):
        (step / name).write_text(name)
    (step.parent / "best-joint").symlink_to(step.name)
    storage.publish(step.parent.parent)
    top = "/shelf/run/checkpoints/step-00000002"
    order = ("model.keras", "vocab/en.model", "state.json", "checksums.json")
    assert list(held()) == [
        *(f"{top}/{name}" for name in order),
        "/shelf/run/checkpoints/best-joint.link",
    ]

    removed: list[str] = []
    from helpers.remote_storage import MemoryFileSystem

    monkeypatch.setattr(MemoryFileSystem, "rm_file", lambda self, name: removed.append(name))
    storage.remove(step)
    assert removed[0] == f"{top}/checksums.json"
    assert len(removed) == 4


def test_a_checkpoint_without_its_checksums_is_none() -> None:
    put("memory://shelf/run/checkpoints/step-00000002/model.keras", "half")
    put("memory://shelf/run/checkpoints/step-00000004/model.keras", "whole")
    put("memory://shelf/run/checkpoints/step-00000004/checksums.json", "{}")
    another_process()
    folder = storage.fetch(storage.place("memory://shelf/run")) / "checkpoints"
    assert [path.name for path in folder.iterdir()] == ["step-00000004"]


def test_large_files_come_when_they_are_needed_and_stay_in_the_cache(tmp_path: Path) -> None:
    url = "memory://shelf/run/checkpoints/step-00000002"
    put(f"{url}/model.keras", "weights")
    put(f"{url}/checksums.json", "{}")
    for _ in range(2):
        another_process()
        step = storage.fetch(storage.place(url))
        assert (step / "model.keras").read_bytes() == bytes(7)
        storage.need(step)
        assert (step / "model.keras").read_text() == "weights"
    kept = list((tmp_path / "cache/objects").iterdir())
    assert [path.read_text() for path in kept] == ["weights"]
    storage.publish_all()  # nothing was changed
    assert os.path.samefile(kept[0], step / "model.keras")


def test_links_to_checkpoints_are_links_again() -> None:
    put("memory://shelf/run/checkpoints/step-00000002/model.keras", "weights")
    put("memory://shelf/run/checkpoints/step-00000002/checksums.json", "{}")
    link = storage.place("memory://shelf/run/checkpoints/best-joint")
    link.symlink_to("step-00000002")
    storage.publish(link.parent)
    assert held()["/shelf/run/checkpoints/best-joint.link"] == b"step-00000002"
    for url in ("memory://shelf/run", "memory://shelf/run/checkpoints/best-joint"):
        another_process()
        storage.fetch(storage.place(url))
        link = storage.place("memory://shelf/run/checkpoints/best-joint")
        storage.need(link)
        assert os.readlink(link) == "step-00000002"
        assert (link / "model.keras").read_text() == "weights"
    storage.remove(link)
    assert "/shelf/run/checkpoints/best-joint.link" not in held()


def test_what_another_process_changed_or_removed_is_seen_by_the_next_fetch() -> None:
    put("memory://shelf/run/a.json", "1")
    put("memory://shelf/run/b.json", "1")
    another_process()
    folder = storage.fetch(storage.place("memory://shelf/run"))
    (folder / "mine.json").write_text("mine")
    store = held()
    assert set(store) == {"/shelf/run/a.json", "/shelf/run/b.json"}
    from helpers.remote_storage import MemoryFileSystem

    memory = MemoryFileSystem()
    memory.rm_file("/shelf/run/b.json")
    memory.pipe_file("/shelf/run/a.json", b"22")
    storage.fetch(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "a.json": "22",
        "mine.json": "mine",
    }


def test_names_that_would_leave_the_folder_are_refused_or_passed_over(
    store: dict[str, Any],
) -> None:
    with pytest.raises(UserError) as caught:
        storage.place("memory://shelf/../x")
    assert str(caught.value) == (
        "memory://shelf/../x: '..' can be no name of a file.\nGive another URL."
    )
    put("memory://shelf/run/a.json", "1")
    store["/shelf/run/../../evil.json"] = store["/shelf/run/a.json"]
    another_process()
    folder = storage.fetch(storage.place("memory://shelf/run"))
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_folders_of_killed_processes_are_removed(tmp_path: Path) -> None:
    left = tmp_path / "cache/open/1-dead"
    left.mkdir(parents=True)
    (left / ".alive").touch()
    (left / "data").write_text("x")
    storage.place("memory://shelf/x")
    assert not left.exists()


def test_nothing_is_published_into_a_folder_whose_guard_refuses() -> None:
    folder = storage.place("memory://shelf/run")

    def refuse() -> None:
        raise UserError("It is another's now.")

    with storage.guarded(folder, refuse), pytest.raises(UserError, match="another's now"):
        put("memory://shelf/run/a.json", "1")
    assert held() == {}
    put("memory://shelf/run/a.json", "1")
    assert held() == {"/shelf/run/a.json": b"1"}


def test_a_folder_that_nobody_changes_is_fetched_once_in_a_process() -> None:
    put("memory://shelf/raw/a/one.txt", "1")
    another_process()
    raw = storage.place("memory://shelf/raw")
    assert (storage.fetch_once(raw) / "a/one.txt").read_text() == "1"
    MemoryFileSystem().pipe_file("/shelf/raw/a/two.txt", b"2")
    assert [path.name for path in storage.fetch_once(raw / "a").iterdir()] == ["one.txt"]
    another_process()
    raw = storage.place("memory://shelf/raw")
    assert len(list((storage.fetch_once(raw) / "a").iterdir())) == 2


def test_threads_that_fetch_one_folder_at_once_get_all_of_it() -> None:
    data = {f"/shelf/raw/{n}.bin": bytes([n]) * 100_000 for n in range(20)}
    for name, content in data.items():
        MemoryFileSystem().pipe_file(name, content)
    another_process()
    with ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda _: read_whole("memory://shelf/raw"), range(4)))
    assert fetched == [list(data.values())] * 4


def read_whole(url: str) -> list[bytes]:
    folder = storage.fetch_once(storage.place(url))
    return [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda one: int(one.stem))]
