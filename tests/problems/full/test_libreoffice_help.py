"""libreoffice_help_* reads three packages in six directions."""

from __future__ import annotations

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.registry import problems, vocabularies

TEXT = {
    "en": "The cell is locked. You cannot change it.",
    "de": "Die Zelle ist gesperrt. Sie können sie nicht ändern.",
    "fr": "La cellule est verrouillée. Vous ne pouvez pas la modifier.",
}
TRAIN, TEST = "swriter/track_changes_toolbar", "swriter/main0104"


@pytest.fixture
def raw_dir(tmp_path, write_deb):
    names = {"en": ("en-us", "en-US"), "de": ("de", "de"), "fr": ("fr", "fr")}
    for language, (package, folder) in names.items():
        pages = {
            f"./usr/share/libreoffice/help/{folder}/text/{TRAIN}.html": f"<p>{TEXT[language]}</p>",
            f"./usr/share/libreoffice/help/{folder}/text/{TEST}.html": (
                f"<h1>Title is: {language} x</h1><p>{TEXT[language]}</p>"
                f"<h2>A title in {language * 3}</h2>"
            ),
        }
        encoded = {name: page.encode() for name, page in pages.items()}
        write_deb(f"libreoffice-help-{package}_1_all.deb", encoded)
    return tmp_path


def sentences(language):
    end = TEXT[language].index(". ") + 1
    return [TEXT[language][:end], TEXT[language][end + 1 :]]


@pytest.mark.parametrize("direction", ["ende", "deen", "enfr", "fren", "frde", "defr"])
def test_each_direction_has_its_source_and_target(direction, raw_dir):
    problem = problems.get(f"libreoffice_help_{direction}")()
    source, target = direction[:2], direction[2:]
    assert [(e["inputs"], e["targets"]) for e in problem.examples("train", raw_dir)] == list(
        zip(sentences(source), sentences(target), strict=True)
    )
    # What the test page shares with the train page is dropped from it.
    assert list(problem.examples("test", raw_dir)) == [
        {"inputs": f"A title in {source * 3}", "targets": f"A title in {target * 3}"}
    ]
    assert list(problem.examples("dev", raw_dir)) == []


def test_the_vocabulary_reads_train_pages_alone(raw_dir):
    texts = list(vocabularies.get("libreoffice_help")().text(raw_dir))
    assert texts == [*sentences("en"), *sentences("de"), *sentences("fr")]


def test_missing_packages_are_one_error(tmp_path):
    with pytest.raises(UserError) as caught:
        next(problems.get("libreoffice_help_frde")().examples("train", tmp_path))
    assert str(caught.value) == (
        f"Not found in {tmp_path}: libreoffice-help-en-us (2 MB), libreoffice-help-de (4 MB), "
        "libreoffice-help-fr (4 MB).\n"
        f"cd {tmp_path} && apt-get download libreoffice-help-en-us libreoffice-help-de "
        "libreoffice-help-fr"
    )
