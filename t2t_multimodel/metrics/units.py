"""What a score means: its unit, and whether higher or lower is better."""

from __future__ import annotations

from collections.abc import Iterable

from t2t_multimodel import registry
from t2t_multimodel.metrics.text import LOSSES, is_lower_better

_UNITS = {
    "log_ppl": "nats a target",
    "log_ppl_tempered": "nats a target",
    "accuracy": "share of tokens",
    "sequence_accuracy": "share of examples",
    **dict.fromkeys(("top1", "top5", "exact", "bracket_exact", "well_formed"), "share of examples"),
    **dict.fromkeys(("bracket_f1", "bracket_precision", "bracket_recall"), "0 to 1"),
    **dict.fromkeys(("bleu", "chrf", "caption_bleu4"), "0 to 100"),
    "rouge_l": "0 to 1",
    "cider": "0 to 10",
    "wer": "edits a word",
    "cer": "edits a character",
}
"""Metric -> its unit; that of a metric of a user's own is not known."""
LOG_PROBABILITY = "log-probability in nats, higher is better"
"""What the score of an output means, where no length penalty or CTC has a say."""


def meaning(score: str) -> str:
    """The unit of a score and its better direction: "nats a target, lower is better".

    Args:
        score: the full name, such as teacher_forced/log_ppl.
    """
    kind, _, name = score.rpartition("/")
    base = name.partition(":")[0]
    if kind == "decoded" and base not in registry.metrics:  # of code that is not here
        return "-"
    better = f"{'lower' if is_lower_better(score) else 'higher'} is better"
    unit = "" if kind == "loss" else _UNITS.get(name if name in LOSSES else base, "")
    return f"{unit}, {better}" if unit else better


def legend(scores: Iterable[str]) -> str:
    """One sentence on all scores, those of one meaning together."""
    names: dict[str, list[str]] = {}
    for score in dict.fromkeys(scores):
        names.setdefault(meaning(score), []).append(score)
    told = (f"{', '.join(known)}: {words}" for words, known in names.items() if words != "-")
    return "; ".join(told)
