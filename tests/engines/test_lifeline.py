"""A process that dies ends the others; one that says farewell does not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import ROOT

SCRIPT = """
import os, sys, time
from t2t_multimodel.engines import lifeline

lifeline._GRACE_SECONDS = 0.1
server = lifeline.listening()
port = server.getsockname()[1]
if os.fork():
    ours = lifeline.accepted(server, 1)
    os.wait()
    time.sleep(2)  # where a library would wait for what never comes
    ours.part()
    print("went on")
else:
    theirs = lifeline.connected("localhost", port)
    if sys.argv[1] == "farewell":
        theirs.part()
    os._exit(9)
"""


@pytest.mark.parametrize(
    ("end", "code", "printed", "told"),
    [
        ("farewell", 0, "went on\n", ""),
        (
            "none",
            2,
            "",
            "Another worker of this run stopped or can not be reached: its connection ended.\n"
            "Its own output says why. Start all workers again with the same commands: they go on "
            "from the last checkpoint.\n",
        ),
    ],
)
def test_the_end_of_a_connection(end: str, code: int, printed: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, end],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, printed, told)
