"""Made trees in section folders like those of the Penn Treebank."""

from __future__ import annotations

from pathlib import Path

_NOUNS = ("clerk", "robot", "river", "lamp", "ship", "tailor", "bridge")
_VERBS = ("barks", "sinks", "waits")
_TREE = """\
( (S
    (NP-SBJ-1
      (NP (DT The) (NN {noun}) )
      (PP-LOC (IN near)
        (NP (DT the) (NN {other}) )))
    (VP (VBZ {verb})
      (S
        (NP-SBJ (-NONE- *-1) )
        (ADVP-TMP (RB again) )))
    (. .) ))
"""
_SHORT = "( (S (NP-SBJ (PRP It) ) (VP (VBZ {verb}) (, ,) (NP=2 (NN {noun}) ))))\n"


def write(folder: Path) -> None:
    """Writes `parsed/mrg/wsj/02/wsj_0201.mrg` to `23/wsj_2301.mrg`, two trees in each."""
    for section in range(2, 24):
        words = {
            "noun": _NOUNS[section % len(_NOUNS)],
            "other": _NOUNS[section * 3 % len(_NOUNS)],
            "verb": _VERBS[section % len(_VERBS)],
        }
        path = folder / "parsed" / "mrg" / "wsj" / f"{section:02d}" / f"wsj_{section:02d}01.mrg"
        path.parent.mkdir(parents=True)
        path.write_text("\n" + _TREE.format(**words) + _SHORT.format(**words))
