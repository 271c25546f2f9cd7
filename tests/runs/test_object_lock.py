"""Two trainers do not train in one run of an URL."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from helpers.remote_storage import FaultyFileSystem, held, memory_storage

from t2t_multimodel import UserError, storage
from t2t_multimodel.runs import object_lock
from t2t_multimodel.runs.lock import DEAD_SECONDS, FolderLock, locked
from t2t_multimodel.runs.object_lock import ObjectLock, lock_of

LOCK = "/shelf/run/.lock"
RUN = "memory://shelf/run"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setattr(object_lock, "SETTLE_SECONDS", 0.0)
    with memory_storage(tmp_path) as held_there:
        yield held_there


def left(store: dict[str, Any], seconds_ago: float, **values: object) -> None:
    """A lock that a trainer on another machine has left."""
    known = {"host": "far", "pid": 7, "since": "2026-01-01T00:00:00Z", "token": "x"}
    storage.create(storage.place(RUN) / ".lock", json.dumps({**known, **values}))
    then = datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)
    store[LOCK].modified = then


def taken(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        ObjectLock(folder).take()
    return str(caught.value)


def test_the_storage_decides_which_lock_it_is(tmp_path: Path) -> None:
    assert isinstance(lock_of(tmp_path), FolderLock)
    assert isinstance(lock_of(storage.place(RUN)), ObjectLock)


def test_the_second_is_told_who_has_it_and_a_lock_given_back_is_free(store: dict[str, Any]) -> None:
    folder = storage.place(RUN)
    first = ObjectLock(folder)
    assert first.take() is None
    since = json.loads(held()[LOCK])["since"]
    host, pid = socket.gethostname(), os.getpid()
    assert taken(folder) == (
        f"memory://shelf/run is in use: process {pid} on {host} since {since} trains in it.\n"
        f"Stop that one (kill {pid} on {host}), or give another --output_dir."
    )
    first.release()
    assert held() == {}
    second = ObjectLock(folder)
    assert second.take() is None
    second.release()


def test_a_killed_trainer_of_this_machine_is_taken_over_at_once(store: dict[str, Any]) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left(store, 0, host=socket.gethostname(), pid=dead.pid)
    said: list[str] = []
    with locked(ObjectLock(storage.place(RUN)), said.append):
        assert json.loads(held()[LOCK])["pid"] == os.getpid()
    assert said == [
        f"The lock of process {dead.pid} on {socket.gethostname()}, which trained here from "
        "2026-01-01T00:00:00Z on and is no longer there, is taken over."
    ]


@pytest.mark.parametrize(
    ("silent", "is_dead"), [(DEAD_SECONDS - 9, False), (DEAD_SECONDS + 9, True)]
)
def test_a_trainer_elsewhere_is_dead_when_its_lock_has_not_been_renewed(
    silent: float, is_dead: bool, store: dict[str, Any]
) -> None:
    left(store, silent)
    folder = storage.place(RUN)
    if not is_dead:
        assert taken(folder).startswith(
            "memory://shelf/run is in use: process 7 on far since 2026-01-01T00:00:00Z trains"
        )
        return
    lock = ObjectLock(folder)
    before = lock.take()
    assert before is not None and (before.host, before.pid) == ("far", 7)
    lock.release()


def test_clocks_of_machines_that_differ_do_not_matter(
    store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    left(store, 1)
    monkeypatch.setattr(object_lock.time, "time", lambda: 4e9)  # this machine's clock is far ahead
    assert "process 7 on far" in taken(storage.place(RUN))
    assert set(held()) == {LOCK}  # the object that asked for the time is gone


def test_who_was_taken_for_dead_publishes_nothing_more(store: dict[str, Any]) -> None:
    folder = storage.place(RUN)
    lock = ObjectLock(folder)
    lock.take()
    with storage.guarded(folder, lock.check):
        storage.replace(folder / ".lock", json.dumps({"host": "far", "pid": 7, "since": "then"}))
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        with pytest.raises(UserError) as caught:
            storage.publish(folder)
        assert str(caught.value) == (
            "memory://shelf/run is no longer this trainer's: process 7 on far took it over, then.\n"
            "Nothing was written there since. Stop one of the two; the same command goes on."
        )
    assert set(held()) == {LOCK}
    lock.release()
    assert set(held()) == {LOCK}  # it is not ours to give back


def test_the_holder_renews_its_lock_and_outlives_a_cut_network(
    store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_lock, "BEAT_SECONDS", 0.01)
    folder = storage.place("faulty://shelf/run")
    lock = ObjectLock(folder)
    lock.take()
    first = store[LOCK].modified
    FaultyFileSystem.left = 0
    FaultyFileSystem.left = None
    for _ in range(500):
        if store[LOCK].modified > first:
            break
        lock._stop.wait(0.01)
    assert store[LOCK].modified > first
    lock.release()


def test_a_damaged_lock_counts_by_its_age(store: dict[str, Any]) -> None:
    storage.create(storage.place(RUN) / ".lock", "cut off {")
    assert "another process trains in it" in taken(storage.place(RUN))
    store[LOCK].modified -= timedelta(seconds=DEAD_SECONDS + 1)
    lock = ObjectLock(storage.place(RUN))
    assert lock.take() is None
    lock.release()
