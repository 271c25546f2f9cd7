"""Where the server listens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.running_server import Server

from t2t_multimodel.bin import mm_serve
from t2t_multimodel.errors import UserError
from t2t_multimodel.serve.main import _socket


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    with pytest.raises(UserError) as told:
        _socket("127.0.0.1", server.port)
    assert str(told.value) == (
        f"Can not listen on 127.0.0.1:{server.port}: Address already in use.\n"
        "Give another --port or --host."
    )


def test_a_port_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert mm_serve.main(["--port=99999"]) == 2
    assert capsys.readouterr().err == "--port must be at most 65535, but is 99999.\n"


def test_port_0_is_a_free_one() -> None:
    with _socket("localhost", 0) as listening:
        assert listening.getsockname()[1] > 0


KEPT = """
import numpy as np
from t2t_multimodel.serve.main import give_back_large_blocks

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

def kept():
    before = held()
    last = [np.ones(16 << 20, np.uint8) for _ in range(16)][-1]
    return round(held() - before)

give_back_large_blocks()
print([kept() < 64 for _ in range(3)])
"""
"""What stays of 256 MiB while the last of 16 blocks is in use."""


def test_large_blocks_are_given_back_when_they_are_freed(run_python: Callable) -> None:
    done = run_python(KEPT)
    assert (done.code, done.out) == (0, "[True, True, True]\n"), done.err
