"""The made run behind a real server on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from made_run import Run, forget_made_tasks, made_run
from made_server import LARGEST, Server

from t2t_multimodel.serve.app import app
from t2t_multimodel.serve.service import Service
from t2t_multimodel.train.checkpoints import open_checkpoint


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made_run(tmp_path_factory)


@pytest.fixture(scope="session")
def server(run: Run) -> Iterator[Server]:
    forget_made_tasks()
    checkpoint = open_checkpoint(run.folder)
    service = Service(checkpoint, checkpoint.problems([]), beam_size=3)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app(service, LARGEST), log_level="critical")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield Server(service, listening.getsockname()[1])
    running.should_exit = True
    thread.join()
    service.close()
    listening.close()
