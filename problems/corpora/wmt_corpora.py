"""The files of WMT: German-English and French-English as of WMT14, French-German as of WMT19."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A pair of files in two languages."""

    name: str
    """`name` is, for example, europarl-v7."""
    archive: str = ""
    """The archive that holds them; "" for files that are offered singly."""
    home: str
    """`home` is the address at which the corpus is offered."""
    size: str
    """`size` is the size of the download."""
    files: dict[str, str]
    """Language -> file; the same file twice has both languages as columns, in this order."""
    references: dict[str, str] = field(default_factory=dict)
    """Language -> file to take for the target, where that is another one than for the source."""

    def names(self, source: str, target: str) -> tuple[str, str]:
        """The files for a direction."""
        return self.files[source], (self.references or self.files)[target]


def _both(pattern: str, *languages: str) -> dict[str, str]:
    return {language: pattern.format(language) for language in languages}


def _training(pair: str) -> list[Corpus]:
    """Lists the training corpora that German-English and French-English share."""
    places = {
        "europarl-v7": ("training-parallel-europarl-v7.tgz", "wmt13", "0.6 GB"),
        "commoncrawl": ("training-parallel-commoncrawl.tgz", "wmt13", "0.9 GB"),
        "news-commentary-v9": ("training-parallel-nc-v9.tgz", "wmt14", "0.1 GB"),
    }
    return [
        Corpus(
            name=name,
            archive=archive,
            home=f"statmt.org/{year}",
            size=size,
            files=_both(f"{name}.{pair}.{{}}", *pair.split("-")),
        )
        for name, (archive, year, size) in places.items()
    ]


def _dev(name: str, files: dict[str, str]) -> Corpus:
    return Corpus(name=name, archive="dev.tgz", home="statmt.org/wmt19", size="0.1 GB", files=files)


def _newstest2014(pair: str, *languages: str) -> Corpus:
    return Corpus(
        name="newstest2014",
        archive="test-full.tgz",
        home="statmt.org/wmt14",
        size="3 MB",
        files=_both(f"newstest2014-{pair}-src.{{}}.sgm", *languages),
        references=_both(f"newstest2014-{pair}-ref.{{}}.sgm", *languages),
    )


_NEWS_V14 = "news-commentary-v14.de-fr.tsv.gz"

CORPORA: dict[str, dict[str, list[Corpus]]] = {
    "de-en": {
        "train": _training("de-en"),
        "dev": [_dev("newstest2013", _both("newstest2013.{}", "de", "en"))],
        "test": [_newstest2014("deen", "de", "en")],
    },
    "fr-en": {
        "train": [
            *_training("fr-en"),
            Corpus(
                name="undoc.2000",
                archive="training-parallel-un.tgz",
                home="statmt.org/wmt13",
                size="2.3 GB",
                files=_both("undoc.2000.fr-en.{}", "fr", "en"),
            ),
            Corpus(
                name="giga-fren.release2.fixed",
                archive="training-giga-fren.tar",
                home="statmt.org/wmt10",
                size="2.4 GB",
                files=_both("giga-fren.release2.fixed.{}.gz", "fr", "en"),
            ),
        ],
        "dev": [_dev("newstest2013", _both("newstest2013.{}", "fr", "en"))],
        "test": [_newstest2014("fren", "fr", "en")],
    },
    "fr-de": {
        "train": [
            *(
                Corpus(
                    name=name,
                    home="statmt.org/wmt19, fr-de/bitexts",
                    size=size,
                    files=_both(f"{name}.{{}}.gz", "fr", "de"),
                )
                for name, size in (("europarl-v7", "0.2 GB"), ("commoncrawl", "0.1 GB"))
            ),
            Corpus(
                name="news-commentary-v14",
                home="statmt.org/news-commentary",
                size="0.1 GB",
                files={"de": _NEWS_V14, "fr": _NEWS_V14},
            ),
        ],
        "dev": [
            _dev(
                "euelections_dev2019",
                {
                    "fr": "euelections_dev2019.fr-de.src.fr",
                    "de": "euelections_dev2019.fr-de.tgt.de",
                },
            )
        ],
        "test": [
            Corpus(
                name="newstest2019",
                archive="test.tgz",
                home="statmt.org/wmt19",
                size="2 MB",
                files={
                    "fr": "newstest2019-frde-src.fr.sgm",
                    "de": "newstest2019-defr-src.de.sgm",
                },
                references={
                    "de": "newstest2019-frde-ref.de.sgm",
                    "fr": "newstest2019-defr-ref.fr.sgm",
                },
            )
        ],
    },
}
"""Pair -> split -> what it is made of."""
