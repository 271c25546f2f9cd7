"""translation.tsv.xz: sentences of the LibreOffice help in English, German and French."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.problems.corpora import libreoffice
from t2t_multimodel.problems.formats import alignment
from t2t_multimodel.problems.formats.packages import LIBREOFFICE_HELP, locate
from tools.octet.store import write_table


def build(packages: Path, data: Path) -> None:
    """The clean triples, each once, in the order of splits and pages."""
    paths = locate(packages, list(LIBREOFFICE_HELP.values()))
    en, de, fr = (
        libreoffice.read_pages(path, language)
        for path, language in zip(paths, LIBREOFFICE_HELP, strict=True)
    )
    triples = alignment.join(list(alignment.align(en, de)), list(alignment.align(en, fr)))
    rows = alignment.split_by_page(triple for triple in triples if alignment.is_clean(triple))
    write_table(
        data / "translation.tsv.xz",
        ("split", "page", "en", "de", "fr"),
        [(split, *row) for split, part in rows.items() for row in part],
    )
