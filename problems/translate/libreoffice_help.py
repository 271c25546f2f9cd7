"""The LibreOffice help in full: six directions between English, German and French."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import Problem, Text, Vocabulary, register_problem, register_vocabulary
from t2t_multimodel.problems.corpora import libreoffice
from t2t_multimodel.problems.formats import alignment
from t2t_multimodel.problems.formats.packages import LIBREOFFICE_HELP, download_page, locate
from t2t_multimodel.problems.twins.tiny_packages import write_deb
from t2t_multimodel.problems.twins.tiny_sentences import sentences


@register_vocabulary("libreoffice_help")
class LibreOfficeHelpVocabulary(Vocabulary):
    """8,192 sub-words of the English, German and French train pages."""

    size = 8192

    def text(self, raw_dir: Path | None) -> Iterator[str]:
        """The sentences of the train pages, each once."""
        yield from dict.fromkeys(
            sentence
            for language, path in _packages(raw_dir).items()
            for page, blocks in _pages(path, language).items()
            if libreoffice.split_of_page(page) == "train"
            for block in blocks
            if block.text and not libreoffice.is_template(block.text)
            for sentence in alignment.sentences(block.text)
        )

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The three packages."""
        return list(_packages(raw_dir).values())


@register_problem("libreoffice_help_ende")
class LibreOfficeHelpEnDe(Problem):
    """English to German: all aligned sentences of the LibreOffice help, about 32,500.

    Sentences of 3 to 60 words and blocks that do not align by sentence, each pair once, split by
    page as octet_ende is. Reads the Debian packages libreoffice-help-en-us, -de and -fr (10 MB
    together) from raw_dir; the counts are those of version 7.4. MPL-2.0.
    """

    inputs = Text(vocab="libreoffice_help")
    targets = Text(vocab="libreoffice_help")
    metrics = ("bleu", "chrf")
    splits = ("train", "dev", "test")
    how_to_get = download_page(list(LIBREOFFICE_HELP.values()))
    languages: ClassVar[tuple[str, str]] = ("en", "de")
    """Source and target."""

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pairs of sentences in the order of the pages.

        Raises:
            UserError: raw_dir lacks a package.
        """
        source, target = self.languages
        packages = _packages(raw_dir)
        first, second = sorted(self.languages, key=list(packages).index)
        for pair in _pairs(packages[first], packages[second], first, second)[split]:
            texts = {first: pair.first, second: pair.second}
            yield {"inputs": texts[source], "targets": texts[target]}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The three packages: the vocabulary needs them all."""
        return list(_packages(raw_dir).values())

    def tiny(self, folder: Path) -> None:
        """The three packages with 120 pages of one sentence."""
        for language, package in LIBREOFFICE_HELP.items():
            name = package.pattern.replace("*", "1_all")
            write_deb(folder / name, libreoffice.tiny_pages(language, sentences(language, 3)))


@register_problem("libreoffice_help_deen")
class LibreOfficeHelpDeEn(LibreOfficeHelpEnDe):
    """German to English: the same sentences as libreoffice_help_ende."""

    languages = ("de", "en")


@register_problem("libreoffice_help_enfr")
class LibreOfficeHelpEnFr(LibreOfficeHelpEnDe):
    """English to French: all aligned sentences of the LibreOffice help, about 32,500."""

    languages = ("en", "fr")


@register_problem("libreoffice_help_fren")
class LibreOfficeHelpFrEn(LibreOfficeHelpEnDe):
    """French to English: the same sentences as libreoffice_help_enfr."""

    languages = ("fr", "en")


@register_problem("libreoffice_help_frde")
class LibreOfficeHelpFrDe(LibreOfficeHelpEnDe):
    """French to German: the same sentences as libreoffice_help_defr."""

    languages = ("fr", "de")


@register_problem("libreoffice_help_defr")
class LibreOfficeHelpDeFr(LibreOfficeHelpEnDe):
    """German to French: all aligned sentences of the LibreOffice help, about 32,500."""

    languages = ("de", "fr")


def _packages(raw_dir: Path | None) -> dict[str, Path]:
    """Language -> package file."""
    paths = locate(raw_dir, list(LIBREOFFICE_HELP.values()))
    return dict(zip(LIBREOFFICE_HELP, paths, strict=True))


@functools.lru_cache(maxsize=3)
def _pages(path: Path, language: str) -> dict[str, list[libreoffice.HelpBlock]]:
    return libreoffice.read_pages(path, language)


@functools.lru_cache(maxsize=1)
def _pairs(
    first: Path, second: Path, first_language: str, second_language: str
) -> dict[str, list[alignment.Pair]]:
    """Aligned pairs by split; the same for both directions."""
    pages = _pages(first, first_language), _pages(second, second_language)
    return alignment.split_by_page(alignment.align(*pages))
