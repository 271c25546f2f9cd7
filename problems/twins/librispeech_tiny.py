"""A few made utterances in the layout of LibriSpeech."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from t2t_multimodel.problems.twins.made_voice import RATE, voice

TEXTS = (
    "HE HOPED THERE WOULD BE STEW",
    "STUFF IT INTO YOU",
    "AFTER EARLY NIGHTFALL",
    "HELLO BERTIE ANY GOOD IN YOUR MIND",
    "NUMBER TEN FRESH NELLY IS WAITING",
)
FOLDERS = {"train-clean-100": 3, "dev-clean": 1}
"""Speakers of the sets that lie in folders."""
TAR = "test-clean"
"""The set that lies in a tar file."""


def write_sets(folder: Path) -> None:
    """Two sets as folders, one as `test-clean.tar.gz`."""
    for name, speakers in FOLDERS.items():
        for file, contents in files(name, speakers):
            path = folder / "LibriSpeech" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents)
    with tarfile.open(folder / f"{TAR}.tar.gz", "w:gz") as archive:
        for file, contents in files(TAR, 1):
            info = tarfile.TarInfo(f"LibriSpeech/{file}")
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))


def files(name: str, speakers: int) -> Iterator[tuple[str, bytes]]:
    """Path and contents; the transcript of a chapter lies between its recordings."""
    for speaker in range(100, 100 + speakers):
        for chapter in (7, 8):
            stem = f"{speaker}-{chapter}"
            folder = f"{name}/{speaker}/{chapter}"
            lines = []
            for n, text in enumerate(TEXTS):
                file = io.BytesIO()
                soundfile.write(file, voice(text), RATE, format="FLAC")
                yield f"{folder}/{stem}-{n:04d}.flac", file.getvalue()
                lines.append(f"{stem}-{n:04d} {text}\n")
                if n == len(TEXTS) - 2:
                    lines.append(f"{stem}-{n + 1:04d} {TEXTS[n + 1]}\n")
                    yield f"{folder}/{stem}.trans.txt", "".join(lines).encode()
