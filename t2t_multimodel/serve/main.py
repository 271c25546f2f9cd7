"""Runs the server until it is stopped."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import sys
from collections.abc import Sequence

import uvicorn

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.errors import UserError
from t2t_multimodel.serve.app import app
from t2t_multimodel.serve.connections import punctual
from t2t_multimodel.serve.limits import Limits
from t2t_multimodel.serve.service import Service

_LAST_SECONDS = 2.0
"""Seconds for the model to end what it computes when the server has stopped."""
_LARGE_BLOCK = 4 << 20
"""Bytes; Pillow takes 16 MiB at a time."""
_M_MMAP_THRESHOLD = -3  # of malloc.h
_BACKLOG = 512
"""Connections that wait to be accepted, those made while the model is loaded among them."""


def serve(
    checkpoint: Checkpoint, names: Sequence[str], host: str, port: int, beam_size: int
) -> None:
    """Listens until Ctrl-C or SIGTERM; requests that have come by then get some seconds.

    Args:
        checkpoint: of the model.
        names: problems that are served.
        host: name or address that is listened on.
        port: 0 takes a free one.
        beam_size: see `Service`.

    Raises:
        UserError: the port is taken, or the host is none of this machine.
    """
    give_back_large_blocks()
    listening = _socket(host, port)  # before the model is loaded: a taken port is told at once
    service = Service(checkpoint, names, beam_size=beam_size)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listening.getsockname()[1]}"
    print(f"{url} serves {', '.join(names)}. Ctrl-C stops it.", file=sys.stderr, flush=True)
    limits = Limits()
    config = uvicorn.Config(
        app(service, limits, [host]),
        log_level="error",  # what clients do wrong is told to them
        access_log=False,
        http=punctual(limits.head_seconds),
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
    try:
        uvicorn.Server(config).run([listening])
    finally:
        service.close(_LAST_SECONDS)
        listening.close()


def give_back_large_blocks() -> None:
    """Lets the C library return each large block to the system as soon as it is freed.

    By itself glibc takes ever larger blocks from a heap, one for each thread, which shrinks only
    where its end is free: after a few large pictures each of many threads would hold hundreds of
    megabytes. Other C libraries have no such heaps, nor this setting.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def _socket(host: str, port: int) -> socket.socket:
    """A socket that takes connections."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as closed_on_error:
            listening = closed_on_error.enter_context(socket.socket(family, kind))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            closed_on_error.pop_all()
            return listening
    except OSError as error:
        raise UserError(
            f"Can not listen on {host}:{port}: {error.strerror}.", "Give another --port or --host."
        ) from error
