"""What layers did with one batch, for people to look at: attention weights, chosen experts."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

_SEEN: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("seen", default=None)


@contextlib.contextmanager
def watching() -> Iterator[dict[str, Any]]:
    """Collects what layers that are called inside show, by the path of the layer.

    For calls that are not compiled: attention shows its weights [B, H, T, L], a mixture the
    experts of each token, [N, k].
    """
    seen: dict[str, Any] = {}
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def show(path: str, value: Any) -> None:
    """Called by a layer; does nothing if nobody watches."""
    seen = _SEEN.get()
    if seen is not None:
        seen[path] = value
