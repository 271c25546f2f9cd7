"""What clients may not do: wait for ever, call by another name, be heard after they have left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from helpers.finished_run import Run
from helpers.running_server import LIMITS, Server

ENDLESS = 60.0  # seconds after which a test that waits has failed


def connected(server: Server, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=ENDLESS)
    connection.sendall(sent)
    return connection


def answer(connection: socket.socket) -> tuple[int, dict]:
    data = b""
    while part := connection.recv(65_536):
        data += part
    connection.close()
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def head(path: str, length: int, host: str = "localhost") -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: text/plain"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "Connection: close", "", ""]).encode()


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET /health HTTP/1.1\r\nHost: local"])
def test_a_connection_without_a_whole_head_is_closed(server: Server, sent: bytes) -> None:
    connection = connected(server, sent)
    try:
        assert connection.recv(100) == b""
    except ConnectionResetError:
        pass
    finally:
        connection.close()


def test_a_body_that_does_not_come_gets_408(server: Server) -> None:
    connection = connected(server, head("/problems/made_numbers", 100) + b"half of it")
    told = f"The body did not come within {LIMITS.body_seconds:g} s."
    assert answer(connection) == (408, {"error": told})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:80", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.168.1.7", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8000", 421),
        ("", 421),
    ],
)
def test_only_names_of_the_server_and_addresses_are_served(
    server: Server, host: str, status: int
) -> None:
    found, value = answer(connected(server, head("/problems/made_numbers", 1, host) + b"1"))
    assert found == status
    if status == 421:
        assert value == {"error": f"This server is not {host!r}; --host=NAME adds a name."}


def test_what_a_client_that_left_asked_for_is_not_computed(server: Server) -> None:
    runner = server.service._runners["made_numbers"]
    real, release, computed = runner.answers, threading.Event(), []

    def slow(items: list) -> list:
        release.wait(ENDLESS)
        computed.append(len(items))
        return real(items)

    runner.answers = slow  # type: ignore[method-assign]
    try:
        first = connected(server, head("/problems/made_numbers", 1) + b"1")
        while server.service.waiting:
            time.sleep(0.01)
        time.sleep(0.2)  # the model's thread has begun with it
        leaving = [connected(server, head("/problems/made_numbers", 1) + b"2") for _ in range(20)]
        while server.service.waiting < 20:
            time.sleep(0.01)
        for connection in leaving:
            connection.close()
        time.sleep(0.5)
        release.set()
        assert answer(first)[0] == 200
        last = connected(server, head("/problems/made_numbers", 1) + b"3")
        assert answer(last)[1]["outputs"][0]["text"] == "three"
    finally:
        runner.answers = real  # type: ignore[method-assign]
    assert computed == [1, 1]


def test_a_fault_that_is_not_the_inputs_names_nothing_of_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(value: object) -> None:
        raise OSError(2, "No such file", "/home/someone/secret")

    monkeypatch.setattr(server.service._encoders["made_numbers"], "encoded", fails)
    assert server("POST", "/problems/made_numbers", {"input": "1"}) == (
        422,
        {"error": "input: it can not be read"},
    )


def test_a_byte_order_mark_is_no_text(server: Server) -> None:
    plain = server("POST", "/problems/made_numbers", b"4", "text/plain")
    assert server("POST", "/problems/made_numbers", b"\xef\xbb\xbf4", "text/plain") == plain


def test_sigterm_ends_the_server_though_50_requests_are_half_sent(run: Run, tmp_path: Path) -> None:
    tasks = Path(__file__).parent.parent / "helpers" / "small_tasks.py"
    command = [sys.executable, "-m", "t2t_multimodel.bin.mm_serve", "--port=0"]
    process = subprocess.Popen(
        [*command, f"--output_dir={run.folder}", f"--usr_dir={tasks}"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("http://"))
        port = int(line.split()[0].rpartition(":")[2])
        open_ = []
        for number in range(50):
            connection = socket.create_connection(("127.0.0.1", port))
            whole = head("/problems/made_numbers", 100) + b"half"
            connection.sendall(whole if number % 2 else whole[:40])
            open_.append(connection)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        for connection in open_:
            connection.close()
    finally:
        process.kill()
        process.communicate()
