"""Connections between the processes of a run, whose end tells that one is gone, however it died."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

_FAREWELL = b"bye"
_GRACE_SECONDS = 5
"""Left to the main thread to tell what it knows, before the process is ended."""
_JOIN_SECONDS = 120
_KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4))
"""A host that vanishes without a word is noticed after half a minute."""


class Lifeline:
    """One connection between the chief and each other process.

    A library that waits for a message from a process that is gone may wait for long, in code that
    no signal or exception reaches. So when a connection ends without a farewell, a thread tells
    it and ends this process, which in turn ends the connections to all others.

    Args:
        connections: to the other processes, open.
    """

    def __init__(self, connections: list[socket.socket]) -> None:
        self._connections, self._parting = connections, threading.Event()
        for connection in connections:
            connection.settimeout(None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _KEEP_ALIVE:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
            threading.Thread(target=self._watch, args=(connection,), daemon=True).start()

    def part(self) -> None:
        """Says farewell: from now on the others may end, and so may this process."""
        self._parting.set()
        for connection in self._connections:
            try:
                connection.sendall(_FAREWELL)
            except OSError:  # it has ended, which is its right by now
                continue

    def _watch(self, connection: socket.socket) -> None:
        try:
            received = connection.recv(len(_FAREWELL), socket.MSG_WAITALL)
        except OSError:
            received = b""
        if received == _FAREWELL or self._parting.is_set():
            return
        time.sleep(_GRACE_SECONDS)
        print(
            "Another worker of this run stopped or can not be reached: its connection ended.\n"
            "Its own output says why. Start all workers again with the same commands: they go on "
            "from the last checkpoint.",
            file=sys.stderr,
            flush=True,
        )
        sys.stdout.flush()
        os._exit(2)


def listening() -> socket.socket:
    """A socket of the chief on a free port, for `accepted`."""
    return socket.create_server(("", 0))


def accepted(server: socket.socket, others: int) -> Lifeline:
    """The chief's end of the connections, once all others have connected."""
    with server:
        server.settimeout(_JOIN_SECONDS)
        return Lifeline([server.accept()[0] for _ in range(others)])


def connected(host: str, port: int) -> Lifeline:
    """The end of another process."""
    return Lifeline([socket.create_connection((host, port), _JOIN_SECONDS)])
