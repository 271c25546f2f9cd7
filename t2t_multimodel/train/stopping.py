"""Signals that ask a run to stop: it saves and ends, instead of losing its last steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

KINDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequest:
    """Whether someone asked the run to stop."""

    signal: str = ""
    """"SIGTERM", "SIGINT" or "SIGHUP" once it came."""

    def __bool__(self) -> bool:
        return bool(self.signal)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Notes SIGTERM (of a scheduler), SIGINT (Ctrl-C) and SIGHUP (the terminal was closed).

    The process does not die of them. One that is ignored, as `nohup` has it, stays ignored.
    The second of a kind works as ever. Outside of the main thread, where Python takes no signals,
    nothing is noted.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    handlers = {kind: signal.getsignal(kind) for kind in KINDS}
    before = {kind: old for kind, old in handlers.items() if old is not signal.SIG_IGN}

    def note(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number).name
        signal.signal(number, before[signal.Signals(number)])

    for kind in before:
        signal.signal(kind, note)
    try:
        yield request
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
