"""Many clients at once, some of them wrong: does mm-serve stay up, and are answers its own?

    python bench/serve.py RUN [--clients=50] [--seconds=60] [--requests=0] [--wrong=5]

Starts mm-serve on a free port with the text problems of RUN, asks each sentence once alone, then
lets the clients ask all problems in any order, `--wrong` percent of their requests malformed.
Each answer must be the one that the same request had alone, and each malformed request must get
its 4xx. Prints p50 and p99 of the right ones and the server's memory as requests go by, and exits
with 1 if anything was otherwise.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

WORDS = "click the button to open a new file in this window and select all text or press enter"
MALFORMED: list[tuple[str, str, bytes, int]] = [
    ("application/json", "", b'{"input": ', 400),
    ("application/json", "", b'{"inputs": "x"}', 422),
    ("application/json", "", b'{"input": "x", "nbest": 99}', 422),
    ("application/json", "x", b'{"input": "x"}', 404),
    ("text/plain", "", b"\xff\xfe", 422),
    ("text/plain", "", b" ", 422),
    ("image/png", "", b"x", 415),
]
"""Type, what is added to the problem's name, body, and the status that it must get."""


@dataclass
class Seen:
    """Holds what the clients saw."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    until: float = 0.0
    """When it is over, by `time.monotonic`."""
    most: int = 0
    """Right answers after which it is over, too; 0: the time alone counts."""

    @property
    def is_over(self) -> bool:
        """Whether clients shall stop."""
        return time.monotonic() >= self.until or 0 < self.most <= len(self.seconds)


def sentences(count: int) -> list[str]:
    """Different ones of one to fifteen words."""
    draws = random.Random(0)
    return [
        f"{' '.join(draws.choices(WORDS.split(), k=draws.randint(1, 15)))} {number}"
        for number in range(count)
    ]


def ask(port: int, name: str, kind: str, body: bytes) -> tuple[int, dict]:
    """Status and JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", f"/problems/{name}", body, {"Content-Type": kind})
    response = connection.getresponse()
    value = json.loads(response.read())
    connection.close()
    return response.status, value


def get(port: int, path: str) -> dict:
    """The JSON of a page of the server."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    value = json.loads(connection.getresponse().read())
    connection.close()
    return value


def client(
    number: int, port: int, alone: dict[tuple[str, str], str], wrong: int, seen: Seen
) -> None:
    """Asks one request after the other until it is over."""
    draws = random.Random(number)
    requests = sorted(alone)
    while not seen.is_over:
        name, text = draws.choice(requests)
        try:
            if draws.randrange(100) < wrong:
                kind, behind, body, expected = draws.choice(MALFORMED)
                status, _ = ask(port, name + behind, kind, body)
                seen.statuses[status] += 1
                if status != expected:
                    seen.faults.append(f"{kind} {body!r}: {status} in place of {expected}")
                continue
            begin = time.monotonic()
            status, value = ask(port, name, "text/plain", text.encode())
            seen.seconds.append(time.monotonic() - begin)
            seen.statuses[status] += 1
            if status != 200:
                seen.faults.append(f"{name} {text!r}: {status} {value}")
            elif (found := value["outputs"][0]["text"]) != alone[name, text]:
                seen.faults.append(f"{name} {text!r}: {found!r}, alone {alone[name, text]!r}")
        except OSError as error:
            seen.faults.append(f"{name} {text!r}: {error!r}")


def started(run: Path) -> tuple[subprocess.Popen[str], int]:
    """The server and its port."""
    command = [sys.executable, "-m", "t2t_multimodel.bin.mm_serve", "--port=0"]
    server = subprocess.Popen(
        [*command, f"--output_dir={run}"], stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert server.stderr is not None
    for line in server.stderr:
        if match := re.match(r"http://127\.0\.0\.1:(\d+) serves", line):
            return server, int(match[1])
        print(line, end="", file=sys.stderr)
    raise SystemExit("mm-serve did not start.")


def memory(pid: int) -> float:
    """Megabytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(pid: int, seen: Seen, every: int) -> None:
    """Prints the server's memory after every so many answers."""
    due, is_over = every, False
    while not is_over:
        is_over = seen.is_over
        if len(seen.seconds) >= due:
            print(f"after {due:,} requests: {memory(pid):,.0f} MB", flush=True)
            due += every
        time.sleep(0.05)


def measure(pid: int, port: int, arguments: argparse.Namespace) -> int:
    """Runs the clients; the number of faults."""
    told = get(port, "/problems")["problems"]
    names = [one["name"] for one in told if one["inputs"] == "text"]
    begin = time.monotonic()
    alone = {}
    for name in names:
        for text in sentences(arguments.sentences):
            status, value = ask(port, name, "text/plain", text.encode())
            assert status == 200, value
            alone[name, text] = value["outputs"][0]["text"]
    print(
        f"alone: {len(alone)} requests to {len(names)} problems, {time.monotonic() - begin:.1f} s"
    )
    begin = time.monotonic()
    seen = Seen(until=begin + arguments.seconds, most=arguments.requests)
    threads = [
        threading.Thread(target=client, args=(i, port, alone, arguments.wrong, seen))
        for i in range(arguments.clients)
    ]
    print(f"before: {memory(pid):,.0f} MB")
    threads.append(threading.Thread(target=watch, args=(pid, seen, arguments.every)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"at the end: {memory(pid):,.0f} MB")
    ordered, seconds = sorted(seen.seconds), time.monotonic() - begin
    p50, p99 = (ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
    print(
        f"{arguments.clients} clients, {seconds:.0f} s: "
        f"{dict(sorted(seen.statuses.items()))}, {len(ordered) / seconds:.1f} answers/s, "
        f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, faults: {len(seen.faults)}"
    )
    for fault in seen.faults[:20]:
        print(fault)
    return len(seen.faults)


def main() -> int:
    """Entry point; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=0, help="end after so many right ones")
    parser.add_argument(
        "--every", type=int, default=500, help="requests between two lines of memory"
    )
    parser.add_argument("--wrong", type=int, default=5, help="percent of the requests")
    parser.add_argument("--sentences", type=int, default=20, help="different ones of each problem")
    arguments = parser.parse_args()
    server, port = started(arguments.run)
    try:
        faults = measure(server.pid, port, arguments)
        alive = server.poll() is None
        print("The server is up." if alive else "The server is down.")
    finally:
        server.terminate()
        server.wait(30)
    return int(faults > 0 or not alive)


if __name__ == "__main__":
    sys.exit(main())
