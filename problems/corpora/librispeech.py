"""LibriSpeech (Panayotov et al. 2015): read English books, in folders or in tar files.

A set such as `train-clean-100` holds `speaker/chapter/*.flac` and one `*.trans.txt` for each
chapter, with a line `1089-134686-0000 HE HOPED THERE WOULD BE STEW` for each recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.archives import contents, opened, tar_files
from t2t_multimodel.problems.formats.folder import visible

SETS = {
    "train": ("train-clean-100", "train-clean-360", "train-other-500"),
    "dev": ("dev-clean",),
    "test": ("test-clean",),
}
"""The sets of a split; of those of train at least one must be there."""
_TRANSCRIPT = ".trans.txt"


class Utterance(NamedTuple):
    """A recording, its path or its contents, and the words in it."""

    origin: str
    sound: Path | bytes | BadValue
    words: str | BadValue


def places(root: Path, split: str, how_to_get: str) -> list[Path]:
    """The folder or tar file of each set of a split that is there.

    Raises:
        UserError: there is none.
    """
    found = []
    for name in SETS[split]:
        options = (root / "LibriSpeech" / name, root / name, root / f"{name}.tar.gz")
        found += [path for path in options if path.exists()][:1]
    if not found:
        raise UserError(f"Not found in {root}: {' or '.join(SETS[split])}.", how_to_get)
    return found


def parts(root: Path, split: str, how_to_get: str) -> list[str]:
    """Speakers' folders and tar files, below `root`: each can be read alone."""
    chosen: list[Path] = []
    for place in places(root, split, how_to_get):
        speakers = [path for path in visible(place, "*") if path.is_dir()]
        chosen += speakers if place.is_dir() else [place]
    return [path.relative_to(root).as_posix() for path in chosen]


def source_files(root: Path, split: str, how_to_get: str) -> list[Path]:
    """Tar files; or of each chapter its transcript, and its folder."""
    files: list[Path] = []
    for place in places(root, split, how_to_get):
        chapters = visible(place, f"*/*/*{_TRANSCRIPT}")
        files += [*chapters, *(path.parent for path in chapters)] or [place]
    return files


def read(root: Path, part: str) -> Iterator[Utterance]:
    """The utterances of one of `parts`."""
    place = root / part
    yield from _folder(place, part) if place.is_dir() else _tar(place)


def words(root: Path, split: str, how_to_get: str) -> Iterator[str]:
    """Yields what is said in a split, without reading a recording."""
    for part in parts(root, split, how_to_get):
        place = root / part
        if place.is_file():
            for name, file in tar_files(place):
                if name.endswith(_TRANSCRIPT):
                    yield from filter(None, _lines(contents(file, name)).values())
        for path in visible(place, f"*/*{_TRANSCRIPT}"):
            yield from filter(None, _spoken(path).values())


def _spoken(path: Path) -> dict[str, str]:
    with opened(path) as file:
        return _lines(contents(file, path.name))


def _lines(transcript: bytes) -> dict[str, str]:
    """Recording -> its words in lower case; what is no UTF-8 stays as `Text` refuses it."""
    text = transcript.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    pairs = (line.partition(" ") for line in text.split("\n"))
    return {name: words.strip().lower() for name, _, words in pairs if name}


def _folder(speaker: Path, part: str) -> Iterator[Utterance]:
    for transcript in visible(speaker, f"*/*{_TRANSCRIPT}"):
        spoken = _spoken(transcript)
        recordings = {path.stem: path for path in visible(transcript.parent, "*.flac")}
        for name in sorted({*spoken, *recordings}):
            yield Utterance(
                f"{part}/{transcript.parent.name}/{name}.flac",
                recordings.get(name) or BadValue("there is no such recording"),
                spoken.get(name) or BadValue(f"{transcript.name} has no words for it"),
            )


def _tar(path: Path) -> Iterator[Utterance]:
    """Chapter by chapter; recordings that come before their transcript wait for it."""
    waiting: dict[PurePosixPath, dict[str, bytes]] = {}
    spoken: dict[PurePosixPath, dict[str, str]] = {}
    for full, file in tar_files(path):
        name = PurePosixPath(full)
        if name.name.endswith(_TRANSCRIPT):
            spoken[name.parent] = _lines(contents(file, full))
            for stem, sound in waiting.pop(name.parent, {}).items():
                yield _utterance(path, name.parent / stem, sound, spoken)
        elif name.suffix == ".flac":
            sound = contents(file, full)
            if name.parent in spoken:
                yield _utterance(path, name.with_suffix(""), sound, spoken)
            else:
                waiting.setdefault(name.parent, {})[name.stem] = sound
    for folder, sounds in waiting.items():
        for stem, sound in sounds.items():
            yield _utterance(path, folder / stem, sound, spoken)


def _utterance(
    path: Path, name: PurePosixPath, sound: bytes, spoken: dict[PurePosixPath, dict[str, str]]
) -> Utterance:
    text = spoken.get(name.parent, {}).get(name.name)
    return Utterance(
        f"{path.name}: {name}.flac", sound, text or BadValue("its chapter has no words for it")
    )
