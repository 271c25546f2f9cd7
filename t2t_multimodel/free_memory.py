"""How much memory this process may still take."""

from __future__ import annotations

from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")
"""Where a container sees the limits of its own group."""


def free_memory(proc: Path = Path("/proc"), group: Path = _GROUP) -> int | None:
    """Bytes that are free or can be freed, within the limit of a container; None: unknown.

    Args:
        proc: the folder of Linux's process file system.
        group: the folder of this process's control group (version 2).
    """
    found = [_of_machine(proc), _of_group(group)]
    known = [value for value in found if value is not None]
    return min(known) if known else None


def _of_machine(proc: Path) -> int | None:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvail"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _of_group(group: Path) -> int | None:
    """The limit less what is used; the cache of files can be dropped."""
    try:
        most, used = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
        facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, most - used + int(facts.get("inactive_file", 0)))
    except (OSError, ValueError):  # no such group, or no limit: "max"
        return None
