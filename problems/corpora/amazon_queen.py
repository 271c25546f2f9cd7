"""Speech with its exact text out of "Flight of the Amazon Queen", a spoken adventure game.

The file `queen.1c` is an archive of scripts and of voice clips (MP3, 11,025 Hz, mono). Each text
of a script is cut into segments at its stage marks, and segment k of the text with prefix P is
spoken in the clip `P` + k in hex + `.SB`. All numbers are big-endian, text is in code page 437.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.archives import contents, opened, whole
from t2t_multimodel.problems.formats.debian import read_deb
from t2t_multimodel.problems.formats.split import normalise, split_of

SAMPLE_RATE = 11025
BYTES_A_SECOND = 2000
"""All clips are encoded at a constant 16 kbit/s."""
DEV_TEXTS, TEST_TEXTS = 0.04, 0.08
"""Shares of the different texts."""
_HEADER_BYTES = 20  # every script file begins with them
_ENTRY = struct.Struct(">12sBII")  # name, bundle, offset, size
_TABLE_AT = 15
_STAGE_MARK = re.compile(r"\*(?:XY.{11}|..)", re.DOTALL)


class Utterance(NamedTuple):
    """A clip and what is said in it."""

    clip: str
    """Name of the voice file without suffix, e.g. 020001P2."""
    text: str
    """`text` stands as the script has it."""
    kind: str
    """joe, greeting, description: Joe, the lead; person, farewell, scene: anyone."""


class Script(NamedTuple):
    """One text of a script, which may be spoken in several clips."""

    prefix: str
    text: str
    kind: str


@dataclass(frozen=True)
class Archive:
    """The members of `queen.1c` by upper-case name."""

    data: bytes
    members: dict[str, tuple[int, int]]
    """Offset and size."""

    def read(self, name: str) -> bytes:
        """The contents of a member."""
        offset, size = self.members[name]
        return self.data[offset : offset + size]

    def read_clip(self, clip: str) -> bytes:
        """The MP3 stream of a clip."""
        return self.read(f"{clip}.SB")

    def names(self, suffix: str) -> list[str]:
        """Members that end with `suffix`, in alphabetical order."""
        return sorted(name for name in self.members if name.endswith(suffix))


def read_archive(path: Path) -> Archive:
    """The archive in `queen.1c`, or in the Debian package that installs it.

    Raises:
        UserError: there is no such archive in the file.
    """
    if path.suffix != ".deb":
        with opened(path) as file:
            return open_archive(contents(file, path.name))
    found = list(read_deb(path, lambda name: name.endswith("/queen.1c")))
    if not found:
        raise UserError(f"{path} holds no queen.1c.", fix="Get the package again.")
    with whole(path):
        return open_archive(found[0][1])


def open_archive(data: bytes) -> Archive:
    """Reads the table of contents: `QTBL`, 6 + 3 bytes of version and flags, u16 entries."""
    if data[:4] != b"QTBL":
        raise ValueError(f"not the archive of the game: it starts with {data[:4]!r}")
    (n_entries,) = struct.unpack_from(">H", data, 13)
    table = data[_TABLE_AT : _TABLE_AT + n_entries * _ENTRY.size]
    members = {
        name.rstrip(b"\0").decode("ascii").upper(): (offset, size)
        for name, _, offset, size in _ENTRY.iter_unpack(table)
    }
    return Archive(data, members)


def utterances(archive: Archive) -> list[Utterance]:
    """All 6,544 clips that have a text, each once, in the order of the scripts.

    Two dialogues give three of the clips a text each; the later one stands.
    """
    found: dict[str, Utterance] = {}
    for script in scripts(archive):
        for k, segment in enumerate(segments(script.text), start=1):
            clip = f"{script.prefix}{k:x}".replace(" ", "0").upper()
            text = segment.strip()
            if f"{clip}.SB" in archive.members and text:
                found[clip] = Utterance(clip, text, script.kind)
    return list(found.values())


def split_of_text(text: str) -> str:
    """The split of a text, the same however often and by whom it is spoken."""
    return split_of(f"line {normalise(text)}", dev=DEV_TEXTS, test=TEST_TEXTS)


def segments(text: str) -> list[str]:
    """The parts of `text` before, between and after its stage marks, an empty end dropped."""
    *parts, rest = _STAGE_MARK.split(text)
    return [*parts, rest] if rest else parts


def scripts(archive: Archive) -> Iterator[Script]:
    """The texts of dialogues, cut scenes and descriptions."""
    for name in archive.names(".DOG"):
        yield from _dialogue(archive.read(name)[_HEADER_BYTES:])
    for name in archive.names(".CUT"):
        base = name.removesuffix(".CUT")
        yield from _cut_scene(base, archive.read(name)[_HEADER_BYTES:])
    yield from _descriptions(archive)


def _dialogue(data: bytes) -> Iterator[Script]:
    """The talk of the lead character, Joe, with one person."""
    level_max, _, talk_key, n_joe, n_person = struct.unpack_from(">5h", data)
    person1, _, person2 = struct.unpack_from(">3H", data, 22)
    joe = 32 + 96 * abs(level_max)

    if struct.unpack_from(">H", data, joe + 2)[0] == 0:
        yield Script(f"{talk_key:2d}SSSSJ", _string(data, joe + 4, align=4)[0], "greeting")
    for at, count, kind in ((joe, n_joe, "joe"), (person1, n_person, "person")):
        for _ in range(count):
            (number,) = struct.unpack_from(">h", data, at + 2)
            text, at = _string(data, at + 4, align=4)
            yield Script(f"{talk_key:2d}{number:4x}{kind[0].upper()}", text, kind)
    at = person2
    for speaker in "PJ":
        text, at = _string(data, at, align=2)
        yield Script(f"{talk_key:2d}XXXX{speaker}", text, "farewell")


def _cut_scene(base: str, data: bytes) -> Iterator[Script]:
    """Yields what anyone says in a scene that the player watches."""
    (n_objects,) = struct.unpack_from(">h", data, 2)
    (at,) = struct.unpack_from(">H", data, 8)
    _, at = _string(data, at, align=2)  # the entry string is not spoken
    for i in range(1, abs(n_objects) + 1):
        text, at = _string(data, at, align=2)
        if text and text != "*":
            yield Script(f"{base:_<5}{i:02d}", text, "scene")


def _descriptions(archive: Archive) -> Iterator[Script]:
    """Yields what Joe says of the things that he looks at: the first lines of a plain text."""
    (count,) = struct.unpack_from(">H", archive.read("QUEEN.JAS"), _HEADER_BYTES + 6)
    lines = archive.read("QUEEN2.JAS").decode("cp437").split("\n")
    for n, line in enumerate(lines[:count], start=1):
        yield Script(f"JOE{n + 40:04d}", line, "description")


def _string(data: bytes, at: int, align: int) -> tuple[str, int]:
    """The string at `at` (u8 length, characters) and the position of what follows it."""
    length = data[at]
    end = at + 1 + length
    text = data[at + 1 : end].decode("cp437")
    return text, end if length == 0 else end + -end % align


def tiny_archive() -> bytes:
    """A `queen.1c` with 100 descriptions, each spoken as a tone of its own pitch."""
    lines = [f"Rope number {number}, it seems." for number in range(100)]
    members = {
        "QUEEN.JAS": bytes(_HEADER_BYTES + 6) + struct.pack(">H", len(lines)),
        "QUEEN2.JAS": "\r\n".join(lines).encode(),
    }
    members |= {f"JOE{41 + i:04d}1.SB": _tone(300 + 10 * i) for i in range(len(lines))}
    at, table = _TABLE_AT + _ENTRY.size * len(members), b""
    for name, data in members.items():
        table += _ENTRY.pack(name.encode(), 0, at, len(data))
        at += len(data)
    header = b"QTBLCEM10".ljust(_TABLE_AT - 2, b"\0") + struct.pack(">H", len(members))
    return header + table + b"".join(members.values())


def _tone(hertz: float, seconds: float = 0.4) -> bytes:
    """An MP3 stream that is silent at first."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buffer = io.BytesIO()
    sound = np.sin(2 * np.pi * hertz * time) * (time > seconds / 2)
    soundfile.write(buffer, 0.5 * sound, SAMPLE_RATE, format="MP3")
    return buffer.getvalue()
