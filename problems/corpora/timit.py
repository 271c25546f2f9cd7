"""TIMIT (Garofolo et al. 1993): 6,300 sentences read by 630 Americans, with their phones.

`TRAIN/DR1/FCJF0/SX37.WAV` is a SPHERE file despite its name; beside it lie `.PHN`, `.WRD` and
`.TXT`, lines of first sample, end, and phone, word or sentence. Copies differ in case and in the
folder around; some hold RIFF files `SX37.WAV.wav` as well. SA sentences, which all speakers read,
belong to no split.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from t2t_multimodel import BadValue, UserError
from t2t_multimodel.problems.formats.folder import walked
from t2t_multimodel.problems.formats.lines import read_text
from t2t_multimodel.problems.formats.split import normalise

CORE_TEST = tuple(
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 "
    "mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0".split()
)
"""The 24 speakers of the core test set: two men and a woman of each dialect region."""
DEV = tuple(
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 "
    "fedw0 mgjf0 mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 "
    "mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 "
    "mteb0 mjfc0 mrjr0 fmml0 mrws1".split()
)
"""The 50 speakers of the test folder that recipes use for development (Halberstadt 1998)."""
_FOLDED = {
    "aa": "ao", "ah": "ax ax-h", "er": "axr", "hh": "hv", "ih": "ix", "l": "el", "m": "em",
    "n": "en nx", "ng": "eng", "sh": "zh", "uw": "ux",
    "sil": "pcl tcl kcl bcl dcl gcl h# pau epi",
}  # fmt: skip
_SAME = (
    "aa ae ah aw ay b ch d dh dx eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w "
    "y z"
)
PHONES = (*_SAME.split(), "sil")
"""The 39 classes in which phones are scored (Lee and Hon 1989)."""
CLASS_OF = {phone: phone for phone in _SAME.split()} | {
    phone: kept for kept, folded in _FOLDED.items() for phone in folded.split()
}
"""60 of the 61 phones of the corpus; q, the glottal stop, is left out."""
_PLACE = re.compile(r"(?:^|.*/)(train|test)/dr\d/(\w+)/(\w+)")


class Sentence(NamedTuple):
    """A recording and its annotation files by suffix."""

    origin: str
    sound: Path | BadValue
    notes: dict[str, Path]

    def words(self) -> str | BadValue:
        """Lower-case words, by the .WRD file, or the .TXT file where there is none."""
        try:
            if ".wrd" in self.notes:
                return " ".join(_column(self.notes[".wrd"])).lower()
            if ".txt" in self.notes:
                return normalise(" ".join(_column(self.notes[".txt"])))
        except UserError as error:
            return BadValue(error.message)
        return BadValue("it has neither .WRD nor .TXT")

    def phones(self) -> str | BadValue:
        """The phones, each as one of `PHONES`."""
        if ".phn" not in self.notes:
            return BadValue("it has no .PHN")
        try:
            said = [phone for phone in _column(self.notes[".phn"]) if phone != "q"]
        except UserError as error:
            return BadValue(error.message)
        unknown = [phone for phone in said if phone not in CLASS_OF]
        if unknown:
            return BadValue(f"{self.notes['.phn'].name} has {unknown[0]!r}, which is no phone")
        return " ".join(CLASS_OF[phone] for phone in said)


def _column(path: Path) -> list[str]:
    """Reads what follows the two sample numbers of each line."""
    lines = (line.split(maxsplit=2) for line in read_text(path, "latin-1").splitlines())
    return [line[2].strip() for line in lines if len(line) == 3]


@functools.lru_cache(maxsize=1)
def find_sentences(root: Path, how_to_get: str) -> dict[str, list[Sentence]]:
    """3,696 train, 400 dev and 192 test sentences, by speaker.

    Raises:
        UserError: a split has none.
    """
    found: dict[tuple[str, str, str], dict[str, Path]] = {}
    for path in walked(root):
        stem, _, suffix = path.name.lower().partition(".")
        below = path.parent.relative_to(root).as_posix().lower()
        if match := _PLACE.fullmatch(f"{below}/{stem}"):
            files = found.setdefault((match[1], match[2], match[3]), {})
            files.setdefault(f".{suffix}", path)
    splits: dict[str, list[Sentence]] = {"train": [], "dev": [], "test": []}
    for (part, speaker, stem), files in sorted(found.items()):
        if split := _split(part, speaker, stem):
            splits[split].append(_sentence(f"{part}/{speaker}/{stem}", files))
    missing = [split for split, sentences in splits.items() if not sentences]
    if missing:
        raise UserError(f"TIMIT's {', '.join(missing)} not found in {root}.", how_to_get)
    return splits


def _sentence(origin: str, files: dict[str, Path]) -> Sentence:
    sounds = [files[suffix] for suffix in (".wav", ".wav.wav", ".flac") if suffix in files]
    sound = sounds[0] if sounds else BadValue("there is no such recording")
    return Sentence(origin, sound, {s: path for s, path in files.items() if path not in sounds})


def _split(part: str, speaker: str, stem: str) -> str | None:
    if stem.startswith("sa"):
        return None
    if part == "train":
        return "train"
    return "dev" if speaker in DEV else "test" if speaker in CORE_TEST else None


def source_files(splits: dict[str, list[Sentence]]) -> Iterator[Path]:
    """Recordings and annotations of the sentences of all splits."""
    for sentences in splits.values():
        for sentence in sentences:
            yield from sentence.notes.values()
            if isinstance(sentence.sound, Path):
                yield sentence.sound
