"""The cache keeps what was used last, within its limit."""

from __future__ import annotations

import os
from pathlib import Path

from t2t_multimodel.storage.cache import Cache


def kept(cache: Cache, path: Path, key: str, size: int, used: int) -> None:
    path.write_bytes(bytes(size))
    assert cache.room_for(size)
    cache.keep(path, key)
    path.unlink()
    os.utime(cache.folder / "objects" / key, ns=(used, used))


def test_the_file_that_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=10)
    kept(cache, tmp_path / "a", "a", 4, used=1)
    kept(cache, tmp_path / "b", "b", 4, used=2)
    assert cache.take("a", tmp_path / "taken")
    (tmp_path / "taken").unlink()
    assert cache.room_for(5)
    assert [path.name for path in (tmp_path / "cache/objects").iterdir()] == ["a"]


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=10)
    kept(cache, tmp_path / "a", "a", 8, used=1)
    assert cache.take("a", tmp_path / "taken")
    assert not cache.room_for(5)
    assert (tmp_path / "cache/objects/a").exists()


def test_a_use_does_not_touch_the_time_of_change(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=10)
    kept(cache, tmp_path / "a", "a", 1, used=5)
    assert cache.take("a", tmp_path / "taken")
    assert (tmp_path / "taken").stat().st_mtime_ns == 5
    assert not cache.take("unknown", tmp_path / "other")


def test_a_cache_that_is_off_has_no_room(tmp_path: Path) -> None:
    assert not Cache(tmp_path / "cache", limit=0).room_for(1)
