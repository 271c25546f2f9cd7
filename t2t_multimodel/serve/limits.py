"""What a client of the server may cost: bytes, seconds, and by which name it may call."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

Message = dict[str, Any]
Application = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """Bounds on one request, and on the end of all."""

    body_bytes: int = 10_000_000
    """More gets 413."""
    head_seconds: float = 10.0
    """Until the first lines of a request have come; then the connection is closed."""
    body_seconds: float = 30.0
    """Until a body has come, or 408."""
    answer_seconds: float = 300.0
    """Until the model has answered, compiling its functions included, or 504."""
    shutdown_seconds: int = 5
    """Seconds for requests that are under way when the server is stopped."""
    connections: int = 1000
    """Open at once; more get 503."""


class CheckedHost:
    """Refuses requests for a name that is not this server's, before anything of them is read.

    A page of another site may let its own name point to this machine (DNS rebinding), and so make
    a visitor's browser ask here. Addresses can not be used for that, so each of them will do.

    Args:
        application: is asked where the name is right.
        names: of this server, beside localhost.
    """

    def __init__(self, application: Application, names: Sequence[str]) -> None:
        self._application = application
        self._names = {name.lower() for name in (*names, "localhost", socket.gethostname())}

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Answers one request, as ASGI has it."""
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            host = headers.get(b"host", b"").decode("latin-1")
            if not self._is_ours(host):
                told = f"This server is not {host[:100]!r}; --host=NAME adds a name."
                await JSONResponse({"error": told}, 421)(scope, receive, send)
                return
        await self._application(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.split(":")[0]
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.lower() in self._names
        return True
