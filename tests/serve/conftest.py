"""The made run behind a real server on a free port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from helpers.finished_run import Run, forget_small_tasks
from helpers.running_server import LIMITS, Server

from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.serve.app import app
from t2t_multimodel.serve.service import Service


@pytest.fixture(scope="session")
def started() -> Iterator[list[Server]]:
    """The server, once a test has asked for it; stopped at the end."""
    with ExitStack() as stack:
        started: list[Server] = []
        stack.callback(lambda: [server.stop() for server in started])
        yield started


@pytest.fixture
def server(run: Run, started: list[Server]) -> Server:
    # made inside of the test that asks first, so that the tasks' names are forgotten after it
    if not started:
        forget_small_tasks()
        checkpoint = open_checkpoint(run.folder)
        service = Service(checkpoint, checkpoint.problems([]), beam_size=3)
        started.append(Server(service, app(service, LIMITS)))
    return started[0]
