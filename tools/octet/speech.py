"""speech.zip, speech.tsv.xz: voice clips of Flight of the Amazon Queen with their text."""

from __future__ import annotations

import re
from pathlib import Path

from t2t_multimodel.problems.corpora import amazon_queen
from t2t_multimodel.problems.corpora.amazon_queen import Archive, Utterance
from t2t_multimodel.problems.formats.packages import AMAZON_QUEEN, locate
from t2t_multimodel.problems.formats.split import draw, normalise
from tools.octet.store import write_table, write_zip

CLIPS = {"train": 2200, "dev": 150, "test": 300}
SECONDS = (0.6, 4.5)
CHARACTERS_A_SECOND = (5, 20)
"""Outside, a text is spelled, drawn out, or not what is said."""
_MODIFIED = """\
This is a modified version of "Flight of the Amazon Queen" (C) 1995 John Passfield and Steven
Stamatiadis: voice clips taken out of the game, which itself is not here. The game's licence and
readme apply and must stay with them.
"""
_PLAIN = re.compile(r"[A-Za-z ',.!?;:\"-]+")


def build(packages: Path, data: Path) -> None:
    """A draw of the plain clips; the MP3 streams stay as they are."""
    (package,) = locate(packages, [AMAZON_QUEEN])
    archive = amazon_queen.read_archive(package)
    rows = [(split, item) for split, part in choose(archive).items() for item in part]
    clips = [(f"{item.clip}.mp3", archive.read_clip(item.clip)) for _, item in rows]
    write_zip(data / "speech.zip", [("MODIFIED.txt", _MODIFIED.encode()), *clips])
    write_table(
        data / "speech.tsv.xz",
        ("split", "clip", "kind", "text"),
        [(split, item.clip, item.kind, item.text) for split, item in rows],
    )


def choose(archive: Archive) -> dict[str, list[Utterance]]:
    """The vendored utterances by split, in the order of the scripts.

    Train may hold a text several times, dev and test hold it once.
    """
    parts: dict[str, list[Utterance]] = {split: [] for split in CLIPS}
    seen: set[str] = set()
    utterances = amazon_queen.utterances(archive)
    for item in sorted(utterances, key=lambda item: draw(f"clip {item.clip}")):
        split, text = amazon_queen.split_of_text(item.text), normalise(item.text)
        repeated = split != "train" and text in seen
        if is_plain(item, archive) and not repeated and len(parts[split]) < CLIPS[split]:
            seen.add(text)
            parts[split].append(item)
    order = {item.clip: i for i, item in enumerate(utterances)}
    return {split: sorted(part, key=lambda item: order[item.clip]) for split, part in parts.items()}


def is_plain(item: Utterance, archive: Archive) -> bool:
    """Words at a speaking rate, in a clip that is neither very short nor long."""
    seconds = len(archive.read_clip(item.clip)) / amazon_queen.BYTES_A_SECOND
    rate = len(normalise(item.text)) / seconds
    return (
        _PLAIN.fullmatch(item.text) is not None
        and SECONDS[0] <= seconds <= SECONDS[1]
        and CHARACTERS_A_SECOND[0] <= rate <= CHARACTERS_A_SECOND[1]
    )
