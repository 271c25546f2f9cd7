"""amazon_queen_speech reads the game or its package."""

from __future__ import annotations

import struct

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.corpora.amazon_queen import split_of_text
from t2t_multimodel.problems.speech.amazon_queen import AmazonQueenSpeech

LINES = [f"Rope number {n}, isn't it?" for n in ("one", "two", "three", "four", "five", "six")]


@pytest.fixture
def game():
    """An archive with descriptions alone: JOE0041 and so on, and a mute one."""
    members = {
        "QUEEN.JAS": b"\0" * 26 + struct.pack(">H", len(LINES) + 1),
        "QUEEN2.JAS": "\r\n".join([*LINES, "...", "more"]).encode(),
    }
    members |= {f"JOE{41 + i:04d}1.SB": f"mp3 {i}".encode() for i in range(len(LINES) + 1)}
    at, table, data = 15 + 21 * len(members), b"", b""
    for name, contents in members.items():
        table += struct.pack(">12sBII", name.encode(), 0, at + len(data), len(contents))
        data += contents
    return b"QTBLCEM10\0\0\0\0" + struct.pack(">H", len(members)) + table + data


def read(raw_dir):
    return {
        split: list(AmazonQueenSpeech().examples(split, raw_dir)) for split in ("train", "test")
    }


def test_lines_are_words_in_the_split_of_their_text(game, tmp_path):
    (tmp_path / "queen.1c").write_bytes(game)
    expected = [
        {"inputs": f"mp3 {i}".encode(), "targets": line.lower().replace(",", "").rstrip("?")}
        for i, line in enumerate(LINES)
    ]
    read_back = [
        example
        for split in AmazonQueenSpeech.splits
        for example in AmazonQueenSpeech().examples(split, tmp_path)
    ]
    assert sorted(read_back, key=lambda e: e["inputs"]) == expected
    train = [example["targets"] for example in AmazonQueenSpeech().examples("train", tmp_path)]
    assert train == [e["targets"] for e in expected if split_of_text(e["targets"]) == "train"]


def test_the_package_gives_the_same(game, tmp_path, write_deb):
    (tmp_path / "queen.1c").write_bytes(game)
    from_file = read(tmp_path)
    (tmp_path / "queen.1c").unlink()
    name = "./usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"
    deb = write_deb("flight-of-the-amazon-queen_1.0.0-9_all.deb", {name: game})
    assert read(tmp_path) == from_file
    assert AmazonQueenSpeech().source_files(tmp_path) == [deb]


def test_a_missing_game_is_one_error(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"Not found in {tmp_path}: flight-of-the-amazon-queen (35 MB), or queen.1c.\n"
        f"cd {tmp_path} && apt-get download flight-of-the-amazon-queen"
    )
