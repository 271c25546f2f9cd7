"""Workers of Apache Beam in processes that share nothing with the first one but a network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import PortableOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner
from apache_beam.transforms.environments import Environment
from conftest import ROOT

BOOT = Path(__file__).with_name("beam_boot.py")


class Cluster(PipelineRunner):
    """Beam's own runner in Python, with workers in the environment that the options name."""

    def run_pipeline(self, pipeline: Any, options: Any) -> Any:
        """Runs it; the staged files go with the environment."""
        environment = Environment.from_options(options.view_as(PortableOptions))
        return FnApiRunner(default_environment=environment).run_pipeline(pipeline, options)


@contextmanager
def worker_pool(folder: Path, hidden: Path, lacking: str = "") -> Iterator[list[str]]:
    """Serves workers, each with a folder of its own.

    Args:
        folder: for theirs.
        hidden: what they can not open.
        lacking: a module that they have not.

    Yields:
        Flags of mm-datagen that run a pipeline on two of them.
    """
    folder.mkdir()
    boot = folder / "boot"
    boot.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{BOOT}" "$@"\n')
    boot.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    environment |= {"WORKERS": str(folder), "HIDDEN": str(hidden), "LACKING": lacking}
    module = "apache_beam.runners.worker.worker_pool_main"
    command = [sys.executable, "-m", module, f"--service_port={port}"]
    with open(folder / "log", "w") as log:
        pool = subprocess.Popen(
            [*command, f"--container_executable={boot}"],
            cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(port)
        yield [
            "--runner=helpers.beam_cluster.Cluster",
            "--beam_options=--direct_num_workers=2 --environment_type=EXTERNAL",
            f"--beam_options=--environment_config=localhost:{port}",
        ]
    finally:
        os.killpg(pool.pid, signal.SIGKILL)  # its workers too; a job of a script ignores SIGINT
        pool.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("localhost", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end, "the worker pool does not listen"
            time.sleep(0.1)
