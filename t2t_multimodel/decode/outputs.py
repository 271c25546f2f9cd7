"""Outputs as lines: one for each input, whatever the model wrote."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answer:
    """The outputs for one input."""

    number: int
    """`number` is that of its line, from 1."""
    texts: tuple[str, ...] = ()
    """Best first; none for an empty or faulty input."""
    scores: tuple[float | None, ...] = ()
    """`scores` has one score for each text, as `Decoded.scores`; values have None."""
    fault: str = ""
    """Why there is none, if that is a mistake."""
    outputs: tuple[np.ndarray, ...] = ()
    """`outputs` has what each text says as the model wrote it: ids, a class number, or values."""
    target: Any = None
    """The true output, where it is known."""


def as_text(answer: Answer, scores: bool) -> str:
    """The outputs between tabs, each behind its score if scores are wanted; no newline.

    Control characters and separators of lines become blanks.
    """
    fields: list[str] = []
    for text, score in zip(answer.texts, answer.scores, strict=True):
        fields += [f"{score:.4f}"] if scores else []
        fields.append(on_one_line(text))
    return "\t".join(fields)


def as_json(answer: Answer) -> str:
    """A JSON object on one line: line, outputs with text and score, and error or target if any."""
    pairs = zip(answer.texts, answer.scores, strict=True)
    value: dict[str, Any] = {
        "line": answer.number,
        "outputs": [{"text": text, "score": rounded(score)} for text, score in pairs],
    }
    if answer.fault:
        value["error"] = answer.fault
    if answer.target is not None:
        value["target"] = answer.target
    # JSON escapes the control characters below U+0020; some readers split lines at others too.
    return _BREAKS.sub(
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(value, ensure_ascii=False, default=_plain),
    )


def rounded(score: float | None) -> float | None:
    """A score as JSON shows it."""
    return None if score is None else round(score, 4)


_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029]")


def _plain(target: Any) -> Any:
    """Arrays of NumPy as lists."""
    return np.asarray(target).tolist()


def on_one_line(text: str) -> str:
    """The text with each control character and separator of lines or paragraphs as a blank."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
