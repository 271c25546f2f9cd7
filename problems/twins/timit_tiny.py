"""A few made sentences in the layout of TIMIT."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.problems.corpora.timit import CORE_TEST, DEV
from t2t_multimodel.problems.twins.made_sphere import sphere
from t2t_multimodel.problems.twins.made_voice import RATE, voice

SPEAKERS = {
    "TRAIN": ("FCJF0", "MCPM0", "MDAC0"),
    "TEST": (CORE_TEST[0].upper(), DEV[0].upper(), "MSJS1"),  # the last is in no split
}
SENTENCES = {
    "SA1": ("She had her dark suit.", "h# sh iy hv ae dx axr dcl d aa r kcl k s ux tcl t h#"),
    "SI648": ("A sailboat may tack.", "h# ax s ey l bcl b ow tcl m ey tcl t ae kcl k h#"),
    "SX37": ("Critical equipment needs proper care.", "h# k r ix dx ix kcl k el pau k eh axr h#"),
    "SX127": ("The emperor didn't.", "h# dh iy q eh m pcl p axr er dcl d ih d en tcl t h#"),
}


def write_corpus(folder: Path) -> None:
    """`TIMIT/TRAIN/DR1/FCJF0/SX37.WAV` and so on, of each three annotations."""
    for part, speakers in SPEAKERS.items():
        for n, speaker in enumerate(speakers):
            place = folder / "TIMIT" / part / f"DR{n + 1}" / speaker
            place.mkdir(parents=True)
            for stem, (text, phones) in SENTENCES.items():
                sound = voice(text)
                (place / f"{stem}.WAV").write_bytes(sphere(sound, RATE))
                words = text.lower().rstrip(".").split()
                (place / f"{stem}.TXT").write_text(f"0 {len(sound)} {text}\n")
                (place / f"{stem}.WRD").write_text(_spread(words, len(sound)))
                (place / f"{stem}.PHN").write_text(_spread(phones.split(), len(sound)))


def _spread(items: list[str], samples: int) -> str:
    """A line for each item with first sample and end."""
    step = samples // len(items)
    return "".join(f"{n * step} {(n + 1) * step} {item}\n" for n, item in enumerate(items))
