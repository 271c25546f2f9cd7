"""Connections that do not wait for ever for a client."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def punctual(head_seconds: float) -> type[H11Protocol]:
    """The protocol of a connection whose client must send the head of a request in time.

    uvicorn limits only the time between requests: a client that sends half a line and then nothing
    would hold its connection for ever.
    """

    class Punctual(H11Protocol):
        """One connection."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_between_requests():
                if self._timer is None:
                    self._wait()
            else:
                self._stop_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            # a client that does not read what it asked for would keep a closing connection, too
            self._timer = self.loop.call_later(head_seconds, self.transport.abort)

        def _is_between_requests(self) -> bool:
            cycle: Any = self.cycle
            return cycle is None or cycle.response_complete

        def _wait(self) -> None:
            self._timer = self.loop.call_later(head_seconds, self._give_up)

        def _give_up(self) -> None:
            self._timer = None
            if self._is_between_requests():
                self.transport.abort()

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Punctual
