"""Why records are stale: what was different when they were made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import storage
from t2t_multimodel.side_files import Damaged, read_json

MOST_NAMED = 3
"""Files that are named one by one."""


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Tells what changed between two sets of facts (`datagen.facts`), in words; [] if nothing."""
    return [
        *_values(then, now, ("format", "problem", "version", "splits", "train_shards")),
        *_entries(then, now, "features"),
        *_rules(then.get("reading_rules", {}), now.get("reading_rules", {})),
        *_entries(then, now, "vocabularies"),
        *_code(then.get("code", {}), now.get("code", {})),
        *_files(then.get("files", {}), now.get("files", {})),
    ]


def why_anew(folder: Path, now: dict[str, Any]) -> str:
    """Why records are made in `folder` although the problem has others; "" if it has none.

    Args:
        folder: of the records of now, named by their fingerprint, not yet there.
        now: their facts.
    """
    others = [(len(changed), other.name, changed) for other, changed in _others(folder, now)]
    if not others:
        return ""
    _, name, changed = min(others)
    return f"{folder.parent.name}: made anew, the records {name} are stale: {'; '.join(changed)}."


def left_over(folder: Path, now: dict[str, Any]) -> Iterator[str]:
    """A line for each stale folder beside `folder`: its size, and why it is stale."""
    for other, changed in _others(folder, now):
        size = sum(path.stat().st_size for path in other.iterdir()) / 1e6
        yield f"{storage.shown(other)}: {size:.1f} MB, stale: {'; '.join(changed)}."


def _others(folder: Path, now: dict[str, Any]) -> Iterator[tuple[Path, list[str]]]:
    for manifest in sorted(folder.parent.glob("*/train.json")):
        facts = made_from(manifest)
        if manifest.parent != folder and facts is not None:
            yield manifest.parent, differences(facts, now)


def made_from(manifest: Path) -> dict[str, Any] | None:
    """The facts in a manifest; None where it can not be read."""
    try:
        facts = read_json(manifest, ("made_from",))["made_from"]
    except (OSError, Damaged):
        return None
    return facts if isinstance(facts, dict) else None


def _values(then: dict[str, Any], now: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        old, new = _plain(then.get(name)), _plain(now.get(name))
        if old != new:
            yield f"{name} was {_shown(old)} and is {_shown(new)}"


def _entries(then: dict[str, Any], now: dict[str, Any], kind: str) -> Iterator[str]:
    old, new = then.get(kind, {}), now.get(kind, {})
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            noun = {"features": name, "vocabularies": f"vocabulary {name}"}[kind]
            yield f"{noun} was {_shown(old.get(name))} and is {_shown(new.get(name))}"


def _rules(then: dict[str, int], now: dict[str, int]) -> Iterator[str]:
    for name in {**then, **now}:
        old, new = then.get(name, 1), now.get(name, 1)
        if old != new:
            yield f"the rules by which {name} are read were version {old} and are version {new}"


def _code(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if changed:
        yield f"the code of {', '.join(changed)} changed"


def _files(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    for verb, names in (
        ("changed", [name for name in then.keys() & now.keys() if then[name] != now[name]]),
        ("is new", list(now.keys() - then.keys())),
        ("is gone", list(then.keys() - now.keys())),
    ):
        named = sorted(names)[:MOST_NAMED]
        yield from (f"source file {name} {verb}" for name in named)
        if len(names) > MOST_NAMED:
            yield f"{len(names) - MOST_NAMED:,} more like that"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
