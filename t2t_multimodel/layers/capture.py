"""Captured intermediates: what layers did with one batch, for people to look at."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

_CAPTURED: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "captured", default=None
)


@contextlib.contextmanager
def captured() -> Iterator[dict[str, Any]]:
    """Collects what the layers that are called inside capture, by the path of the layer.

    It is for calls that are not compiled. Attention captures its weights [B, H, T, L], and a
    mixture captures the experts of each token, [N, k].
    """
    values: dict[str, Any] = {}
    token = _CAPTURED.set(values)
    try:
        yield values
    finally:
        _CAPTURED.reset(token)


def capture(path: str, value: Any) -> None:
    """Hands a value of a layer to `captured`. It does nothing outside of it."""
    values = _CAPTURED.get()
    if values is not None:
        values[path] = value
