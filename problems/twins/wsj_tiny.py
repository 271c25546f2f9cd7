"""A few made utterances on discs like those of CSR-I and CSR-II."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.problems.corpora.wsj import LEFT_OUT, normalise
from t2t_multimodel.problems.twins.made_sphere import sphere
from t2t_multimodel.problems.twins.made_voice import RATE, voice

_CODINGS = ("shorten", "pcm", "pcm-big-endian")
"""The recordings get these codings in turn."""
TEXTS = (
    "PRICES ROSE ,COMMA HE SAID .PERIOD",
    "THE BANK *LENT* FIVE [door_slam] MILLION",
    "SALES FELL . %PERCENT TEN .POINT TWO",
    'IT <WAS> A (GO)OD- "DOUBLE-QUOTE YEAR',
    "STO:CKS !ARE UP ~",
    "MR. DOE DIDN'T COMMENT [<cough] YES [cough>]",
)
_SETS = {
    # index, discs of recordings and of transcripts, folder, speaker, mark of the set, utterances
    "wsj0/doc/indices/train/tr_s_wv1.ndx": ("11-1.1", "11-13.1", "wsj0/si_tr_s", "01i", "c", 12),
    "wsj1/doc/indices/si_tr_s.ndx": ("13-1.1", "13-34.1", "wsj1/si_tr_s", "46k", "c", 12),
    "wsj1/doc/indices/h1_p0.ndx": ("13-16.1", "13-34.1", "wsj1/si_dt_20", "4k0", "c", 4),
    "wsj0/doc/indices/test/nvp/si_et_20.ndx": ("11-14.1", "", "wsj0/si_et_20", "440", "c", 6),
}


def write_discs(folder: Path) -> None:
    """Recordings in three codings, transcripts and index files; one disc in upper case."""
    for index, (disc, transcripts, place, speaker, mark, count) in _SETS.items():
        listed = ["; made by hand"]
        lines = []
        for n in range(count):
            utterance, text = f"{speaker}{mark}02{n:02x}", TEXTS[n % len(TEXTS)]
            path = f"{place}/{speaker}/{utterance}.wv1"
            sound = sphere(voice(normalise(text)), RATE, _CODINGS[n % len(_CODINGS)])
            _write(folder / disc, path, sound, upper=disc == "13-1.1")
            listed.append(f"{disc.replace('-', '_').replace('.', '_')}: {path}")
            lines.append(f"{text} ({utterance})")
        suffix = "dot" if transcripts else "lsn"
        words = [line.replace("*", "") for line in lines] if suffix == "lsn" else lines
        name = f"{place}/{speaker}/{speaker}{mark}0200.{suffix}"
        _write(folder / (transcripts or disc), name, _lines(words))
        nothing = f"11_2_1:{LEFT_OUT}401c0201.wv1"
        listed += [nothing] if "tr_s_wv1" in index else []
        lists = [line.removesuffix(".wv1") for line in listed] if "test" in index else listed
        _write(folder / ("11-13.1" if index < "wsj1" else "13-34.1"), index, _lines(lists))


def _lines(lines: list[str]) -> bytes:
    return "\n".join([*lines, ""]).encode("latin-1")


def _write(disc: Path, name: str, contents: bytes, upper: bool = False) -> None:
    path = disc / (name.upper() if upper else name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
