"""The Wall Street Journal speech corpora CSR-I and CSR-II as they lie on the discs.

Index files (.ndx) list the recordings of a set by disc and path; transcripts (.dot, and .lsn beside
test recordings) hold a line `text (utterance)` each. Discs differ in the case of their names, and
index files in the names of discs, so every file is known by its path from `wsj0` or `wsj1` on, in
lower case. Of each utterance the recording of the close microphone (.wv1) is read, or a .wav,
.flac or .sph in its place.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.folder import walked
from t2t_multimodel.problems.formats.lines import read_text

INDEXES = {
    "train": ("wsj0/doc/indices/train/tr_s_wv1.ndx", "wsj1/doc/indices/si_tr_s.ndx"),
    "dev": ("wsj1/doc/indices/h1_p0.ndx",),
    "test": ("wsj0/doc/indices/test/nvp/si_et_20.ndx",),
}
"""si284, dev93 and eval92."""
LEFT_OUT = "wsj0/si_tr_s/401/"
"""A speaker of the index whose recordings are on no disc."""
_SOUND = (".wav", ".flac", ".sph", ".wv1")  # converted files before the disc's own
_TAIL = re.compile(r"(?:^|.*?/)(wsj[01]/.*)")
_LINE = re.compile(r"(.*)\((\w{8})\)\s*")
_NOISE = re.compile(r"\[[^][]*\]")
_MARKS = re.compile(r"[\\*<>~!:()]")
_LONGEST_LINE = 10_000
_NOT_FIRST = ' ,.%"{}&/;?-`'  # before the name of a mark that is read out: ,COMMA %PERCENT


class Utterance(NamedTuple):
    """A recording and the words in it."""

    origin: str
    """Path from wsj0 or wsj1 on."""
    sound: Path | BadValue
    words: str | BadValue


@dataclass(frozen=True)
class Discs:
    """Holds what lies on the discs, by path from wsj0 or wsj1 on in lower case."""

    root: Path
    sounds: dict[str, Path]
    """Path without its suffix -> file."""
    indexes: dict[str, Path]
    transcripts: list[Path]
    """.lsn files, then .dot files, which say more."""

    def utterances(self, split: str) -> Iterator[Utterance]:
        """Yields the utterances of a split in the order of its index files."""
        for name in self.listed(split):
            stem, utterance = name.removesuffix(".wv1"), name[-12:-4]
            sound = self.sounds.get(stem) or BadValue("no such recording on the discs")
            words = self.words.get(utterance) or BadValue("it has no transcript")
            yield Utterance(name, sound, words)

    @functools.cached_property
    def words(self) -> dict[str, str]:
        """Utterance -> its words, as `normalise` leaves them."""
        found: dict[str, str] = {}
        for path in self.transcripts:
            for line in read_text(path, "latin-1").splitlines():
                if len(line) > _LONGEST_LINE:  # no sentence was so long
                    continue
                if match := _LINE.fullmatch(line):
                    found[match[2].lower()] = normalise(match[1])
        return found

    def listed(self, split: str) -> list[str]:
        """Paths in the index files of a split."""
        names: list[str] = []
        for index in INDEXES[split]:
            lines = read_text(self.indexes[index], "latin-1").splitlines()
            names += filter(None, map(_listed, lines))
        return [name for name in names if not name.startswith(LEFT_OUT)]

    def source_files(self) -> list[Path]:
        """Index files, transcripts and the folders of recordings."""
        folders = {path.parent for path in self.sounds.values()}
        return [*self.indexes.values(), *self.transcripts, *sorted(folders)]


@functools.lru_cache(maxsize=1)
def find_discs(root: Path, how_to_get: str) -> Discs:
    """Looks through all folders under `root`.

    Raises:
        UserError: an index file, all transcripts, or all recordings are missing.
    """
    sounds: dict[str, Path] = {}
    indexes: dict[str, Path] = {}
    transcripts: list[Path] = []
    wanted = {name for names in INDEXES.values() for name in names}
    for path in walked(root):
        tail = _TAIL.fullmatch(path.relative_to(root).as_posix().lower())
        if tail is None:
            continue
        stem, suffix = os.path.splitext(tail[1])
        if suffix in _SOUND:
            other = sounds.get(stem)
            if other is None or _SOUND.index(suffix) < _SOUND.index(other.suffix.lower()):
                sounds[stem] = path
        elif suffix in (".dot", ".lsn"):
            transcripts.append(path)
        elif tail[1] in wanted:
            indexes.setdefault(tail[1], path)
    transcripts.sort(key=lambda path: path.suffix.lower() == ".dot")
    missing = sorted(wanted - indexes.keys())
    missing += [] if transcripts else ["transcripts (*.dot)"]
    missing += [] if sounds else ["recordings (*.wv1)"]
    if missing:
        raise UserError(f"Not found in {root}: {', '.join(missing)}.", how_to_get)
    return Discs(root, sounds, indexes, transcripts)


def _listed(line: str) -> str | None:
    """The path in a line of an index, such as `11_2_1:wsj0/si_tr_s/01i/01ic0201.wv1`."""
    tail = _TAIL.fullmatch(line.strip().lower().replace(":", "/").replace(" ", ""))
    if line.startswith(";") or tail is None:
        return None
    return tail[1] if tail[1].endswith(".wv1") else f"{tail[1]}.wv1"


def normalise(text: str) -> str:
    """The words of a transcript in lower case, without marks of how they were said.

    Dropped are `[door_slam]` and other noises, lone points (pauses), `*` around words that were
    said badly, `<` `>` around words that were dropped from the prompt, `:` and `!` of lengthening
    and stress, `(re)f-` of words cut off, and backslashes. Punctuation that was read out becomes
    its name: `,COMMA` comma, `%PERCENT` percent, `.POINT` point.
    """
    words = _MARKS.sub("", _NOISE.sub(" ", text)).lower().split()
    kept = (word.lstrip(_NOT_FIRST).removesuffix("-") for word in words)
    return " ".join(word for word in kept if any(map(str.isalnum, word)))
