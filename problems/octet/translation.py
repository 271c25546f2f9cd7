"""Translation between English, German and French: six directions over one table of triples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import Problem, Text, register_problem
from t2t_multimodel.problems.octet import vendored


@register_problem("octet_ende")
class OctetEnDe(Problem):
    """English to German: 25,483 sentences of the LibreOffice 7.4 help.

    All sentences of 4 to 25 words that exist in English, German and French, most of their
    characters letters: 23,394 train, 1,064 dev, 1,025 test. A page of the help with all its
    sentences is in one split, and no sentence of dev or test, in any language, is in train,
    whatever its case and punctuation. MPL-2.0.
    """

    inputs = Text(vocab="octet", max_length=96)
    targets = Text(vocab="octet", max_length=96)
    metrics = ("bleu", "chrf")
    splits = ("train", "dev", "test")
    languages: ClassVar[tuple[str, str]] = ("en", "de")
    """Source and target, as columns of the table."""

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pairs of sentences in the order of the pages."""
        source, target = self.languages
        for row in vendored.table("translation", split):
            yield {"inputs": row[source], "targets": row[target]}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The vendored table of triples."""
        return [vendored.path("translation.tsv.xz")]


@register_problem("octet_deen")
class OctetDeEn(OctetEnDe):
    """German to English: the same sentences as octet_ende."""

    languages = ("de", "en")


@register_problem("octet_enfr")
class OctetEnFr(OctetEnDe):
    """English to French: the same sentences as octet_ende."""

    languages = ("en", "fr")


@register_problem("octet_fren")
class OctetFrEn(OctetEnDe):
    """French to English: the same sentences as octet_ende."""

    languages = ("fr", "en")


@register_problem("octet_frde")
class OctetFrDe(OctetEnDe):
    """French to German: the same sentences as octet_ende."""

    languages = ("fr", "de")


@register_problem("octet_defr")
class OctetDeFr(OctetEnDe):
    """German to French: the same sentences as octet_ende."""

    languages = ("de", "fr")
