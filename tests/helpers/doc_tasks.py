"""Tasks that stand for those of the octet in the pages of documentation, beside the made ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Problem, Text, register_problem

NUMBERS = ("one", "two", "three", "four", "five", "six")


@register_problem("made_deen")
class MadeDeEn(Problem):
    """One digit to its word."""

    inputs = Text(vocab="made_words", max_length=12)
    targets = Text(vocab="made_words", max_length=12)
    metrics = ("exact",)
    splits = ("train", "dev", "test")

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        for n in range(18):
            yield {"inputs": str(n % 6 + 1), "targets": NUMBERS[n % 6]}


@register_problem("made_enfr")
class MadeEnFr(MadeDeEn):
    """The same under another name."""


@register_problem("made_fren")
class MadeFrEn(MadeDeEn):
    """The same under another name."""


@register_problem("made_parse")
class MadeParse(MadeDeEn):
    """The same under another name."""
