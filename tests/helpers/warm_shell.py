"""A real bash in which our commands answer at once: they run in the process of the tests.

Starting a command costs seconds, most of them for TensorFlow. Here each `mm-...` on the path hands
its words, folder and open files to this process, which has TensorFlow loaded, and ends with the
exit code that it gets back. Pipes, redirections and quotes are bash's own.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from conftest import ROOT

_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect({address!r})
    words = json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd()]).encode()
    socket.send_fds(s, [words], [0, 1, 2])
    sys.exit(s.recv(1)[0])
"""
_CURL = 'fail-with-body\nsilent\nshow-error\nnoproxy = "localhost"\n'
"""An answer that is an error is a failure."""
_LONGEST = 1 << 16
"""Bytes of the words of a command."""
_SECONDS = 1200
"""Time for one block, on a machine that does much else."""

_KEPT: list[io.TextIOWrapper] = []
"""What commands were given as files; kept, since an object that is dropped is closed."""

Change = Callable[[str, list[str]], list[str]]
"""Gets the name of a command and its words, and returns the words that it is run with."""
Other = Callable[[list[str]], int]
"""Stands for a command that is not ours: gets its words, returns the exit code."""


class WarmShell:
    """Runs blocks for bash in a folder.

    Args:
        folder: the working folder.
        change: may change the words of our commands.
        others: commands that this process answers besides.
    """

    def __init__(self, folder: Path, change: Change, others: dict[str, Other]) -> None:
        self.folder = folder
        self._change = change
        self._others = others
        self._own = tempfile.TemporaryDirectory(prefix="sh")  # short: addresses have 107 bytes
        address = f"{self._own.name}/s"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(address)
        self._server.listen()
        self._path = Path(self._own.name, "bin")
        self._path.mkdir()
        Path(self._own.name, ".curlrc").write_text(_CURL)
        names = [path.stem.replace("_", "-") for path in (ROOT / "bin").glob("mm_*.py")]
        for name in [*names, *others]:
            client = self._path / name
            client.write_text(_CLIENT.format(python=sys.executable, address=address))
            client.chmod(0o755)

    def close(self) -> None:
        """Frees the socket and the folder of the commands."""
        self._server.close()
        self._own.cleanup()

    def __call__(self, text: str, code: int = 0) -> str:
        """Runs a block; it stops at the first command that fails.

        Args:
            text: the block.
            code: with which it must end.

        Returns:
            what was written to the terminal.

        Raises:
            AssertionError: the block ended with another code.
        """
        environment = {
            **os.environ,
            "PATH": f"{self._path}:{os.environ['PATH']}",
            "CURL_HOME": self._own.name,
        }
        with tempfile.TemporaryFile("w+") as out:
            shell = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            self._answer_until_ended(shell)
            out.seek(0)
            written = out.read()
        assert shell.returncode == code, f"{text}\nended with {shell.returncode}:\n{written}"
        return written

    def _answer_until_ended(self, shell: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _SECONDS
        while shell.poll() is None:
            if time.monotonic() > end:
                shell.kill()
            ready, *_ = select.select([self._server], [], [], 0.02)
            if ready:
                self._answer()

    def _answer(self) -> None:
        """Runs one command as its client would have run it."""
        connection, _ = self._server.accept()
        with connection:
            words, descriptors, *_ = socket.recv_fds(connection, _LONGEST, 3)
            name, given, folder = json.loads(words)
            with _in_place_of_ours(descriptors, folder):
                code = self._run(name, given)
            connection.sendall(bytes([code]))

    def _run(self, name: str, given: list[str]) -> int:
        try:
            if name in self._others:
                return self._others[name](given)
            module = importlib.import_module(f"t2t_multimodel.bin.{name.replace('-', '_')}")
            return int(module.main(self._change(name, given)))
        except Exception as error:  # the command would have ended with this traceback
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1


@contextlib.contextmanager
def _in_place_of_ours(descriptors: list[int], folder: str) -> Iterator[None]:
    """Lets this process read and write the files of a client, in the client's folder."""
    before = sys.stdin, sys.stdout, sys.stderr, os.getcwd()
    opened = [
        io.TextIOWrapper(os.fdopen(number, mode), "utf-8", line_buffering=True)
        for number, mode in zip(descriptors, ("rb", "wb", "wb"), strict=True)
    ]
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = opened
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before[:3]
        os.chdir(before[3])
        for file in opened:
            _give_back(file)


def _give_back(file: io.TextIOWrapper) -> None:
    """Gives the client's file back, which ends its pipe, and leaves an object that writes nowhere.

    The object stays open, since what logs, such as a handler of absl, keeps the `sys.stderr` that
    it has seen first.
    """
    if file.closed:
        return
    with contextlib.suppress(OSError):
        if file.writable():
            file.flush()
    with open(os.devnull, "r+b") as nowhere:
        os.dup2(nowhere.fileno(), file.fileno())
    _KEPT.append(file)
