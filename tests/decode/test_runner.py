"""mm-decode on the made run: one line for each line, in order, whatever comes."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import Run, forget_small_tasks
from PIL import Image

from bench.decode_lines import mixture
from t2t_multimodel.bin.mm_decode import main
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.decode import runner as decoding
from t2t_multimodel.decode.lines import LineReader


@pytest.fixture(autouse=True)
def only_the_checkpoint_knows_the_tasks(run: Run) -> None:
    forget_small_tasks()


@pytest.fixture
def decode(run: Run, tmp_path: Path) -> Callable[..., list[str]]:
    """Runs the command on bytes and returns the lines that it wrote."""

    def decode(content: bytes, *flags: str, problem: str = "made_numbers") -> list[str]:
        (tmp_path / "in").write_bytes(content)
        places = [f"--output_dir={run.folder}", f"--output_file={tmp_path}/out"]
        chosen = [f"--problem={problem}", f"--input_file={tmp_path}/in"]
        assert main([*places, *chosen, *flags]) == 0
        written = (tmp_path / "out").read_bytes()
        assert not written or written.endswith(b"\n")
        return written.decode().split("\n")[:-1]

    return decode


def test_outputs_are_those_of_the_evaluation(run: Run, decode: Callable[..., list[str]]) -> None:
    prepared = run.prepared["made_numbers"]
    dataset = prepared.dataset("test")
    tokenizer = prepared.problem.tokenizer("inputs", dict(prepared.tokenizers))
    texts = [prepared.problem.inputs.decode(dataset[i]["inputs"], tokenizer) for i in range(14)]
    result = run.trainer.evaluator.evaluate("made_numbers", "test", 0, 14)
    expected = {one.number: one.output for one in result.outputs}
    lines = decode("".join(f"{text}\n" for text in texts).encode())
    assert lines == [expected[i] for i in range(14)]
    assert decode(texts[5].encode()) == [expected[5]]


def test_a_thousand_lines_in_are_a_thousand_lines_out(
    decode: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = list(mixture(1000, list("123456"), 2))
    written = decode(b"\n".join(content for content, _ in lines), "--batch_size=128")
    assert len(written) == 1000
    alone: dict[bytes, str] = {}
    for (content, kind), output in zip(lines, written, strict=True):
        if kind in ("empty", "invalid"):
            assert output == ""
        elif kind == "plain":  # the same input has the same output, wherever it stands
            assert alone.setdefault(content, output) == output
            assert output
    assert alone[b"3"] == "three"
    said = capsys.readouterr().err.splitlines()
    invalid = [i for i, (_, kind) in enumerate(lines, start=1) if kind == "invalid"]
    faulty = [line.split(":")[0] for line in said if "is not UTF-8; its output is empty." in line]
    assert faulty == [f"line {i:,}" for i in invalid]
    assert said[-1] == f"Inputs that could not be read: {len(invalid)}."
    cut = {f"line {i:,}" for i, (_, kind) in enumerate(lines, start=1) if kind == "long"}
    assert cut <= {line.split(":")[0] for line in said if "are cut to 12." in line}


def test_several_outputs_with_scores_are_on_one_line(decode: Callable[..., list[str]]) -> None:
    first, empty, second = decode(b"1\n\n2 3\n", "--nbest=3", "--scores")
    assert empty == ""
    for line in (first, second):
        fields = line.split("\t")
        assert len(fields) == 6
        scores = [float(score) for score in fields[::2]]
        assert scores == sorted(scores, reverse=True)
    assert first.split("\t")[1] == "one"
    assert decode(b"1\n", "--beam_size=1") == ["one"]


def test_samples_come_again_with_their_seed(decode: Callable[..., list[str]]) -> None:
    flags = ("--temperature=3", "--nbest=4")
    drawn = decode(b"1 2\n5\n", *flags)
    assert decode(b"1 2\n5\n", *flags, "--seed=0") == drawn
    assert decode(b"1 2\n5\n", *flags, "--seed=1") != drawn


def test_json_lines_hold_errors_and_numbers(decode: Callable[..., list[str]]) -> None:
    values = [json.loads(line) for line in decode(b"1\n\xff\n\n", "--json_lines")]
    assert [value["line"] for value in values] == [1, 2, 3]
    assert values[0]["outputs"][0]["text"] == "one"
    assert values[1] == {"line": 2, "outputs": [], "error": "byte 0xff at 1 is not UTF-8"}
    assert values[2] == {"line": 3, "outputs": []}


def test_pictures_by_path_get_classes(
    decode: Callable[..., list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for colour, values in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        Image.fromarray(np.full((4, 4, 3), values, np.uint8)).save(tmp_path / f"{colour}.png")
    paths = f"{tmp_path}/red.png\n{tmp_path}/none.png\n{tmp_path}/blue.png\n"
    lines = decode(paths.encode(), problem="made_colours")
    assert lines == ["red", "", "blue"]
    assert f"line 2: {tmp_path}/none.png: not a readable image: " in capsys.readouterr().err
    (line,) = decode(f"{tmp_path}/red.png".encode(), "--nbest=3", problem="made_colours")
    assert sorted(line.split("\t")) == ["blue", "green", "red"]


def test_a_split_is_decoded_in_its_order(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    flags = ["--problem=made_captions", "--split=test", f"--data_dir={run.data_dir}"]
    assert main([f"--output_dir={run.folder}", *flags, "--json_lines"]) == 0
    values = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [value["line"] for value in values] == list(range(1, 15))
    assert [value["target"] for value in values[:3]] == ["red", "green", "blue"]
    assert sum(v["outputs"][0]["text"] == v["target"] for v in values) >= 12


def test_an_answer_comes_before_the_next_line_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    answers, answering = os.pipe()
    monkeypatch.setattr(decoding, "_opened", lambda _: _nothing(reading))
    monkeypatch.setattr(sys, "stdout", open(answering, "w"))
    request = decoding.DecodeRequest(problem="made_numbers", config=decoding.DecodeConfig())
    checkpoint = open_checkpoint(run.folder)
    thread = threading.Thread(target=decoding.decode, args=(checkpoint, request))
    thread.start()
    reader = LineReader(answers)
    for digit, word in (("1", "one"), ("4", "four")):
        os.write(writing, f"{digit}\n".encode())
        assert [line.text for line in reader.window(9)] == [word]
    os.close(writing)
    thread.join()
    sys.stdout.close()
    assert reader.window(9) == []
    os.close(reading)
    os.close(answers)


class _nothing:
    def __init__(self, value: Any) -> None:
        self._value = value

    def __enter__(self) -> Any:
        return self._value

    def __exit__(self, *_: object) -> None:
        return None


def test_a_terminal_is_asked_line_by_line(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "typed").write_bytes(b"a\nb\n")
    descriptor = os.open(tmp_path / "typed", os.O_RDONLY)
    one = run.prepared["made_numbers"]
    encode = decoding.InputEncoder(one.problem, dict(one.tokenizers))
    windows = decoding.item_windows(descriptor, encode, "made_numbers> ")
    assert [len(next(windows)), len(next(windows)), list(windows)] == [1, 1, []]
    os.close(descriptor)
    assert capsys.readouterr().err == "made_numbers> " * 3 + "\n"
