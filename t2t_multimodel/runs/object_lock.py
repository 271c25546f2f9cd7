"""A lock on a run that an URL names: an object that its holder renews."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from t2t_multimodel import storage
from t2t_multimodel.errors import UserError
from t2t_multimodel.runs.lock import (
    BEAT_SECONDS,
    DEAD_SECONDS,
    FILE,
    FolderLock,
    Holder,
    Lock,
    is_running,
    taken,
)

SETTLE_SECONDS = 1.0
"""After a dead trainer's lock was taken over: another one may be doing the same."""


def lock_of(folder: Path) -> Lock:
    """The lock that fits the storage of a run's folder."""
    return ObjectLock(folder) if storage.is_remote(folder) else FolderLock(folder)


class ObjectLock(Lock):
    """A lock object beside the run.

    Of two who make it the store lets one. A holder on another machine counts as dead when the
    object is older than `DEAD_SECONDS` by the clock of the store, whatever the clocks of the two
    machines say. Whoever was taken for dead and lives finds that out by `check`, before anything
    is published.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE
        self._mine = ""
        self._stop = threading.Event()

    def take(self) -> Holder | None:
        mine = json.dumps({**asdict(Holder.me()), "token": secrets.token_hex(8)})
        before: Holder | None = None
        if not storage.create(self._path, mine):
            before = self._dead_holder()
            storage.replace(self._path, mine)
            time.sleep(SETTLE_SECONDS)
        if (text := storage.text_of(self._path)) != mine:
            raise taken(self._folder, _holder(text))
        self._mine = mine
        threading.Thread(target=self._beat, name="lock", daemon=True).start()
        return before

    def release(self) -> None:
        self._stop.set()
        if self._mine:
            with suppress(UserError):  # the store is gone: the lock grows old there
                if storage.text_of(self._path) == self._mine:
                    storage.remove(self._path)
            self._mine = ""

    def check(self) -> None:
        text = storage.text_of(self._path)
        if text == self._mine:
            return
        holder = _holder(text)
        who = "someone removed its lock"
        if holder is not None:
            who = f"process {holder.pid} on {holder.host} took it over, {holder.since}"
        raise UserError(
            f"{self._folder} is no longer this trainer's: {who}.",
            fix="Nothing was written there since. Stop one of the two; the same command goes on.",
        )

    def _dead_holder(self) -> Holder | None:
        """Who left the lock.

        Raises:
            UserError: he lives.
        """
        holder, age = _holder(storage.text_of(self._path)), storage.age(self._path)
        if age is None:  # he gave it back just now
            return None
        if holder is not None and holder.host == socket.gethostname():
            if not is_running(holder.pid):
                return holder
        elif age >= DEAD_SECONDS:
            return holder
        raise taken(self._folder, holder)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            with suppress(UserError):  # the network may come back
                if storage.text_of(self._path) != self._mine or self._stop.is_set():
                    return
                storage.replace(self._path, self._mine)


def _holder(text: str | None) -> Holder | None:
    try:
        value: Any = json.loads(text or "")
        return Holder(str(value["host"]), int(value["pid"]), str(value["since"]))
    except (ValueError, LookupError, TypeError):
        return None
