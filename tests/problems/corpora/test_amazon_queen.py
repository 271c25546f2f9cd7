"""The game's archive, on one written here with a dialogue, a scene and descriptions."""

from __future__ import annotations

import struct

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.corpora.amazon_queen import (
    Utterance,
    open_archive,
    read_archive,
    segments,
    split_of_text,
    utterances,
)

HEADER = b"\0" * 20


def string(text, at, align):
    """A string that begins at `at`: u8 length, characters, padding behind a non-empty one."""
    data = bytes([len(text)]) + text.encode("cp437")
    return data + b"\0" * (-(at + len(data)) % align if text else 0)


def records(items, at):
    data = b""
    for number, text in items:
        data += struct.pack(">hh", 0, number)
        data += string(text, at + len(data), 4)
    return data


def dialogue(talk_key, joe, person, farewells):
    joe_at = 32 + 96 * 1
    joe_data = records(joe, joe_at)
    person1 = joe_at + len(joe_data)
    person_data = records(person, person1)
    person2 = person1 + len(person_data)
    end = b""
    for text in farewells:
        end += string(text, person2 + len(end), 2)
    head = struct.pack(">5h", -1, 0, talk_key, len(joe), len(person)).ljust(22, b"\0")
    head += struct.pack(">3H", person1, 0, person2)
    return HEADER + head.ljust(joe_at, b"\0") + joe_data + person_data + end


def scene(texts):
    data = struct.pack(">4hH", 0, -len(texts), 0, 0, 12).ljust(12, b"\0")
    for text in ("an entry string", *texts):
        data += string(text, len(data), 2)
    return HEADER + data


def archive(members):
    at = 15 + 21 * len(members)
    table, data = b"", b""
    for name, contents in members.items():
        table += struct.pack(">12sBII", name.encode(), 0, at + len(data), len(contents))
        data += contents
    return b"QTBLCEM10\0\0\0\0" + struct.pack(">H", len(members)) + table + data


CLIPS = [
    "02SSSSJ1.SB",
    "020000J1.SB",
    "02001FP1.SB",
    "02001FP2.SB",
    "02XXXXP1.SB",
    "02XXXXJ1.SB",
    "c1a__021.sb",
    "JOE00411.SB",
]


@pytest.fixture
def game():
    members = {
        "HUGH.DOG": dialogue(
            2,
            joe=[(0, "Hi."), (7, "Not recorded.")],
            person=[(31, "You couldn't*F1 ever *XY12345678901pilot that. *XX"), (5, "")],
            farewells=["Bye.", "So long, señor."],
        ),
        "C1A.CUT": scene(["*", "Look out!"]),
        "QUEEN.JAS": HEADER + b"\0" * 6 + struct.pack(">H", 1),
        "QUEEN2.JAS": b"It's a rope.\r\nnot a description\r\n",
    }
    members |= {name: f"mp3 {name}".encode() for name in CLIPS}
    return archive(members)


def test_every_kind_of_line_finds_its_clip(game):
    assert utterances(open_archive(game)) == [
        Utterance("02SSSSJ1", "Hi.", "greeting"),
        Utterance("020000J1", "Hi.", "joe"),
        Utterance("02001FP1", "You couldn't", "person"),
        Utterance("02001FP2", "ever", "person"),
        Utterance("02XXXXP1", "Bye.", "farewell"),
        Utterance("02XXXXJ1", "So long, señor.", "farewell"),
        Utterance("C1A__021", "Look out!", "scene"),
        Utterance("JOE00411", "It's a rope.", "description"),
    ]


def test_clips_are_read_whatever_the_case_of_their_name(game):
    assert open_archive(game).read_clip("C1A__021") == b"mp3 c1a__021.sb"


def test_the_archive_is_found_in_the_package_too(game, tmp_path, write_deb):
    (tmp_path / "queen.1c").write_bytes(game)
    deb = write_deb("q.deb", {"./usr/share/scummvm/x/queen.1c": game})
    assert read_archive(deb) == read_archive(tmp_path / "queen.1c") == open_archive(game)
    with pytest.raises(UserError, match="holds no queen.1c"):
        read_archive(write_deb("r.deb", {"./usr/x": b""}))


def test_another_file_is_refused():
    with pytest.raises(ValueError, match="not the archive of the game: it starts with b'RIFF'"):
        open_archive(b"RIFF....")


def test_segments_lie_between_stage_marks():
    assert segments("one*F1two*XY12345678901three") == ["one", "two", "three"]
    assert segments("one*F1") == ["one"]
    assert segments("") == []


def test_a_text_has_one_split_however_it_is_written():
    texts = [f"line number {i}" for i in range(2000)]
    for text in texts:
        assert split_of_text(text) == split_of_text(text.upper() + "!")
    assert {split_of_text(text) for text in texts} == {"train", "dev", "test"}
