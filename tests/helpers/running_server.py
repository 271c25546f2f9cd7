"""A server on a free port, and files for it, that the tests of serving share."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
from typing import Any

import numpy as np
import soundfile
import uvicorn
from PIL import Image

from t2t_multimodel.serve.connections import punctual
from t2t_multimodel.serve.limits import Limits
from t2t_multimodel.serve.service import Service

HEAD_SECONDS = 1.0
LIMITS = Limits(body_bytes=2_000_000, body_seconds=3.0)
LARGEST = LIMITS.body_bytes
"""Bytes of a body that the server takes."""


class Server:
    """A server in a thread of this process."""

    def __init__(self, service: Service, application: Any) -> None:
        self.service = service
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                log_level="critical",
                log_config=None,  # a config closes the files of all handlers, pytest's among them
                http=punctual(HEAD_SECONDS),
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.service.close()
        self._socket.close()

    def __call__(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, kind: str = ""
    ) -> tuple[int, Any]:
        """Status and JSON of one request."""
        if isinstance(body, dict):
            body, kind = json.dumps(body).encode(), kind or "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content)


def picture(*colour: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), colour, np.uint8)).save(file, "PNG")
    return file.getvalue()


def tone(first: int, last: int) -> bytes:
    file = io.BytesIO()
    time = np.arange(1000) / 4000
    samples = np.sin(2 * np.pi * np.linspace(first, last, 1000) * time) / 2
    soundfile.write(file, samples, 4000, format="WAV")
    return file.getvalue()
