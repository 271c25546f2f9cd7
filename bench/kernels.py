"""The kernels on which a device spent its time, read from a profile of JAX."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any


def largest(run: Callable[[], Any], number: int = 10) -> dict[str, float]:
    """Profiles a piece of work.

    Args:
        run: does the work and waits for the device.
        number: of kernels.

    Returns:
        Name of a kernel -> its part of the time of all kernels, the largest first.
    """
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            run()
        (file,) = Path(folder).rglob("*.xplane.pb")
        spent = _times(jax.profiler.ProfileData.from_file(str(file)))
    total = sum(spent.values())
    return {name: round(seconds / total, 4) for name, seconds in spent.most_common(number)}


def _times(profile: Any) -> Counter[str]:
    """Seconds of each kernel: of the devices' own streams, or of XLA's threads on a processor."""
    planes = list(profile.planes)
    devices = [plane for plane in planes if plane.name.startswith("/device:")]
    spent: Counter[str] = Counter()
    for plane in devices or planes:
        for line in plane.lines:
            if devices and not line.name.startswith(("Stream", "XLA Ops")):
                continue
            for event in line.events:
                if devices or any(name == "hlo_op" for name, _ in event.stats):
                    spent[event.name] += event.duration_ns / 1e9
    if not spent:
        raise SystemExit(f"The profile names no kernel: {[plane.name for plane in planes]}.")
    return spent
