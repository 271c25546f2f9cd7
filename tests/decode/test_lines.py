"""Lines out of files and pipes: none is lost, added or waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from t2t_multimodel.decode.lines import LONGEST, Line, LineReader


def read(content: bytes, folder: Path, most: int = 1000) -> list[Line]:
    file = folder / "lines"
    file.write_bytes(content)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        reader = LineReader(descriptor)
        windows = list(iter(lambda: reader.window(most), []))
    finally:
        os.close(descriptor)
    assert max(map(len, windows), default=0) <= most
    return [line for window in windows for line in window]


@pytest.mark.parametrize("most", [1, 2, 1000])
@pytest.mark.parametrize(
    ("content", "texts"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"\n", [""], id="an empty line"),
        pytest.param(b"a\n\nb\n", ["a", "", "b"], id="between"),
        pytest.param(b"a\nb", ["a", "b"], id="no newline at the end"),
        pytest.param(b"a\r\nb\r", ["a", "b"], id="carriage returns"),
        pytest.param(b"a\rb\x00c\x0bd\x0ce\x1cf\n", ["a\rb\0c\vd\fe\x1cf"], id="control"),
        pytest.param("é \u2028 \u0085 😀\n".encode(), ["é \u2028 \u0085 😀"], id="separators"),
    ],
)
def test_newlines_alone_end_lines(
    content: bytes, texts: list[str], most: int, tmp_path: Path
) -> None:
    lines = read(content, tmp_path, most)
    assert [line.text for line in lines] == texts
    assert [line.number for line in lines] == list(range(1, len(texts) + 1))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"ab\xff", "byte 0xff at 3 is not UTF-8"),
        (b"\xc3", "byte 0xc3 at 1 is not UTF-8"),
        (b"\xed\xa0\x80", "byte 0xed at 1 is not UTF-8"),  # half of a surrogate pair
    ],
)
def test_what_is_no_utf8_is_a_line_with_a_fault(content: bytes, fault: str, tmp_path: Path) -> None:
    assert read(content + b"\nb\n", tmp_path) == [Line(1, "", fault), Line(2, "b")]


@pytest.mark.parametrize("beyond", [1, 200_000])
def test_a_long_line_is_cut_and_the_next_one_is_whole(beyond: int, tmp_path: Path) -> None:
    content = b"x" * (LONGEST + beyond) + b"\nnext\n" + b"y" * LONGEST + b"\n"
    first, second, third = read(content, tmp_path)
    assert (first.text, first.is_cut) == ("x" * LONGEST, True)
    assert second == Line(2, "next")
    assert (third.text, third.is_cut) == ("y" * LONGEST, False)


def test_a_cut_through_a_character_leaves_it_out(tmp_path: Path) -> None:
    (line,) = read(b"x" * (LONGEST - 1) + "é\n".encode(), tmp_path)
    assert (line.text, line.fault, line.is_cut) == ("x" * (LONGEST - 1), "", True)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:  # the test closed it
            continue


def test_a_line_in_a_pipe_is_not_held_back_for_the_next(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    reader = LineReader(reading)
    os.write(writing, b"one\ntwo\nthr")
    assert [line.text for line in reader.window(9)] == ["one", "two"]
    os.write(writing, b"ee\n")
    assert [line.text for line in reader.window(9)] == ["three"]
    os.write(writing, b"last")
    os.close(writing)
    assert [line.text for line in reader.window(9)] == ["last"]
    assert reader.window(9) == []
    assert reader.window(9) == []
