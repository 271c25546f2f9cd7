"""The server over HTTP: answers, limits, and what it says of requests that are wrong."""

from __future__ import annotations

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import Run, forget_small_tasks
from helpers.running_server import Server, picture, tone

from t2t_multimodel.bin import mm_decode
from t2t_multimodel.serve.app import _output


def text_of(answer: tuple[int, Any]) -> str:
    status, value = answer
    assert status == 200, value
    return value["outputs"][0]["text"]


def test_health_and_problems(server: Server) -> None:
    assert server("GET", "/health") == (200, {"status": "ok", "step": 90, "waiting": 0})
    status, value = server("GET", "/problems")
    assert status == 200
    assert {one["name"]: (one["inputs"], one["most_outputs"]) for one in value["problems"]} == {
        "made_colours": ("image", 3),
        "made_captions": ("image", 3),
        "made_tones": ("audio", 2),
        "made_numbers": ("text", 3),
    }
    assert value["problems"][3]["about"] == "Digits to the words for them."


def test_answers_are_those_of_mm_decode(server: Server, run: Run, tmp_path: Path) -> None:
    lines = ["1", "2 3", "6", "5 4", "no digit"]
    (tmp_path / "in").write_text("\n".join(lines))
    forget_small_tasks()
    flags = [f"--output_dir={run.folder}", "--problem=made_numbers", "--json_lines", "--nbest=3"]
    places = [f"--input_file={tmp_path}/in", f"--output_file={tmp_path}/out"]
    assert mm_decode.main([*flags, "--beam_size=3", "--batch_size=1", *places]) == 0
    expected = [json.loads(line)["outputs"] for line in (tmp_path / "out").read_text().splitlines()]
    for line, outputs in zip(lines, expected, strict=True):
        status, value = server("POST", "/problems/made_numbers", {"input": line, "nbest": 3})
        assert (status, value["problem"]) == (200, "made_numbers")
        assert [one["text"] for one in value["outputs"]] == [one["text"] for one in outputs]
        np.testing.assert_allclose(
            [one["score"] for one in value["outputs"]], [o["score"] for o in outputs], atol=2e-3
        )


def test_inputs_come_bare_or_in_json(server: Server) -> None:
    assert text_of(server("POST", "/problems/made_numbers", b"4", "text/plain")) == "four"
    red, blue = picture(230, 30, 30), picture(30, 30, 230)
    assert text_of(server("POST", "/problems/made_colours", red, "image/png")) == "red"
    coded = {"input_base64": base64.b64encode(blue).decode()}
    assert text_of(server("POST", "/problems/made_captions", coded)) == "blue"
    sound = tone(300, 1500)
    bare = text_of(server("POST", "/problems/made_tones", sound, "application/octet-stream"))
    coded = {"input_base64": base64.b64encode(sound).decode(), "nbest": 2}
    status, value = server("POST", "/problems/made_tones", coded)
    assert value["outputs"][0]["text"] == bare
    assert {one["text"] for one in value["outputs"]} == {"rise", "fall"}
    assert sum(np.exp(one["score"]) for one in value["outputs"]) == pytest.approx(1, abs=1e-3)


def test_a_long_text_is_cut_and_that_is_said(server: Server) -> None:
    status, value = server("POST", "/problems/made_numbers", {"input": "1 2 3 " * 20})
    assert (status, value["note"].endswith("are cut to 12")) == (200, True)


def test_clients_at_the_same_time_get_their_own_answers(server: Server) -> None:
    requests: list[tuple[str, bytes | dict[str, Any], str]] = []
    for a in range(1, 7):
        requests += [("made_numbers", {"input": f"{a} {b}"}, "") for b in range(1, 7)]
        requests.append(("made_numbers", {"input": f"{a}", "nbest": 2}, ""))
    for kind in ("made_colours", "made_captions"):
        for colour in ((230, 30, 30), (30, 230, 30), (30, 30, 230)):
            requests.append((kind, picture(*colour), "image/png"))
    requests += [("made_tones", tone(*hertz), "audio/wav") for hertz in ((300, 1500), (1500, 300))]

    def ask(request: tuple[str, Any, str]) -> tuple[int, Any]:
        name, body, kind = request
        return server("POST", f"/problems/{name}", body, kind)

    alone = [ask(request) for request in requests]
    assert len({json.dumps(answer) for answer in alone}) > 10
    order = np.random.default_rng(0).permutation(3 * len(requests)) % len(requests)
    with ThreadPoolExecutor(16) as clients:
        together = list(clients.map(lambda i: ask(requests[i]), order))
    for i, (status, value) in zip(order, together, strict=True):
        expected = alone[i][1]
        assert (status, value["problem"]) == (200, expected["problem"])
        pairs = zip(value["outputs"], expected["outputs"], strict=True)
        assert all(a["text"] == b["text"] for a, b in pairs), requests[i]
        for a, b in zip(value["outputs"], expected["outputs"], strict=True):
            assert a["score"] == pytest.approx(b["score"], abs=2e-3)


NUMBERS = "/problems/made_numbers"
COLOURS = "/problems/made_colours"
WRONG: list[tuple[str, str, Any, str, int, str]] = [
    (
        "GET",
        "/nowhere",
        None,
        "",
        404,
        "There is no /nowhere. Ask GET /problems",
    ),
    ("GET", NUMBERS, None, "", 405, f"{NUMBERS} takes POST, not GET."),
    ("POST", "/problems/made_nmbers", {"input": "1"}, "", 404, "Did you mean 'made_numbers'?"),
    ("POST", NUMBERS, b"{", "application/json", 400, "The body is no JSON: "),
    ("POST", NUMBERS, b"\xff\xfe{}", "application/json", 400, "The body is no JSON: "),
    ("POST", NUMBERS, b"[" * 50_000, "application/json", 400, "The body is no JSON: "),
    ("POST", NUMBERS, b"[]", "application/json", 422, 'Send {"input": ...}, a text.'),
    ("POST", NUMBERS, {"input": 3}, "", 422, 'Send {"input": ...}, a text.'),
    ("POST", NUMBERS, {"input": "1", "n": 2}, "", 422, "No field is named 'n'; there are input, "),
    ("POST", NUMBERS, {"input": "1", "nbest": True}, "", 422, "nbest must be a whole number"),
    ("POST", NUMBERS, {"input": "1", "nbest": 4}, "", 422, "nbest must be from 1 to 3, but is 4."),
    ("POST", NUMBERS, {"input": "1", "nbest": 0}, "", 422, "nbest must be from 1 to 3, but is 0."),
    ("POST", f"{NUMBERS}?nbest=x", b"1", "text/plain", 422, "nbest must be a number, but is 'x'."),
    ("POST", f"{NUMBERS}?nbest={'9' * 5000}", b"1", "text/plain", 422, "nbest must be a number"),
    ("POST", f"{NUMBERS}/explain", {"input": "1", "output": "5 " * 90}, "", 422, "more than 12"),
    (
        "POST",
        f"{NUMBERS}/explain",
        {"input": "1", "output": "5" * 70_000},
        "",
        422,
        "output: it has more than 65,536 characters",
    ),
    ("POST", NUMBERS, {"input": "1", "output": 1}, "", 422, "output must be a text."),
    ("POST", NUMBERS, {"input": " "}, "", 422, "input: text is empty"),
    ("POST", NUMBERS, {"input": "\ud800"}, "", 422, "input: text has half of a surrogate pair"),
    ("POST", NUMBERS, b"\xff", "text/plain", 422, "The body is not UTF-8: invalid start byte."),
    ("POST", NUMBERS, b"1", "image/png", 415, "Send application/json or text/plain, not image/png"),
    ("POST", NUMBERS, b"1", "", 415, "Send application/json or text/plain, not nothing."),
    ("POST", COLOURS, b"none", "image/png", 422, "input: not a readable image: "),
    ("POST", COLOURS, {"input": "/etc/hostname"}, "", 422, 'Send {"input_base64": ...}, the bytes'),
    ("POST", COLOURS, {"input_base64": "?"}, "", 422, "input_base64 is no base64: "),
    ("POST", COLOURS, picture(1, 2, 3)[:40], "image/png", 422, "input: not a readable image: "),
    ("POST", "/problems/made_tones", b"RIFF", "audio/wav", 422, "input: not a readable sound file"),
    ("POST", f"{COLOURS}/explain", picture(1, 2, 3), "text/plain", 415, "Send application/json"),
    (
        "POST",
        NUMBERS,
        b"x" * 2_000_001,
        "text/plain",
        413,
        "A body may have 2,000,000 bytes at most.",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "kind", "status", "message"), WRONG)
def test_what_is_wrong_is_told(
    server: Server, method: str, path: str, body: Any, kind: str, status: int, message: str
) -> None:
    found, value = server(method, path, body, kind)
    assert found == status, value
    assert list(value) == ["error"]
    assert message in value["error"]


def test_a_body_without_a_length_is_cut_off(server: Server) -> None:
    head = f"POST {NUMBERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        client.sendall((b"9c40\r\n" + b"x" * 40_000 + b"\r\n") * 51 + b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_far_too_much_is_not_waited_for(server: Server) -> None:
    head = f"POST {NUMBERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(f"{head}Content-Length: 9000000\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_clients_that_leave_disturb_nobody(server: Server) -> None:
    head = f"POST {NUMBERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    for body in (b"", b"1"):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"{head}Content-Length: 2\r\n\r\n".encode() + body)
    assert text_of(server("POST", NUMBERS, b"2", "text/plain")) == "two"


def test_attention_and_experts_are_explained(server: Server) -> None:
    asked = {"input": "1 2", "output": "one two"}
    status, value = server("POST", f"{NUMBERS}/explain", asked)
    assert (status, value["output"]) == (200, "one two")
    assert value["source"][-1] == value["target"][-1] == "</s>"
    assert "".join(value["target"][:-1]).replace("\u2581", " ") == " one two"
    assert value["grid"] == [len(value["source"]), 1]
    assert [layer["layer"] for layer in value["attention"]] == [
        "mixer/attention",
        "decoder/attention0",
    ]
    for layer in value["attention"]:
        weights = np.asarray(layer["weights"])
        assert weights.shape == (len(value["target"]), len(value["source"]))
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-3)
    found = {layer["layer"]: (layer["of"], np.shape(layer["ids"])) for layer in value["experts"]}
    assert found == {
        "encoder/experts": ("source", (len(value["source"]), 1)),
        "decoder/experts": ("target", (len(value["target"]), 1)),
    }
    assert {i for layer in value["experts"] for ids in layer["ids"] for i in ids} <= {0, 1}


def test_the_best_output_is_explained_unless_one_is_given(server: Server) -> None:
    status, value = server("POST", f"{COLOURS}/explain", picture(30, 230, 30), "image/png")
    assert (status, value["output"], value["target"]) == (200, "green", ["green"])
    assert value["source"] is None
    assert len(value["experts"][0]["ids"]) == value["grid"][0] * value["grid"][1]
    coded = {"input_base64": base64.b64encode(picture(1, 2, 3)).decode(), "output": "pink"}
    status, value = server("POST", f"{COLOURS}/explain", coded)
    assert (status, value["error"]) == (
        422,
        "output: label 'pink' is none of the 3 class names",
    )


def test_what_the_model_wrote_stands_beside_what_a_person_reads() -> None:
    assert _output("(S XX S)", "(S Hello)", -1.25) == {
        "text": "(S Hello)",
        "raw": "(S XX S)",
        "score": -1.25,
    }
    assert _output("hello", "hello", -1.25) == {"text": "hello", "score": -1.25}
