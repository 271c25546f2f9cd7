"""A missing package is named with its size, its command and its place."""

from __future__ import annotations

import pytest

from t2t_multimodel import UserError
from t2t_multimodel.problems.formats.packages import (
    AMAZON_QUEEN,
    CLDR,
    LIBREOFFICE_HELP,
    download_page,
    locate,
)


def test_packages_are_found_whatever_their_version(tmp_path):
    old = tmp_path / "libreoffice-help-de_4%3a7.4.7-1_all.deb"
    new = tmp_path / "libreoffice-help-de_4%3a7.5.0-1_all.deb"
    npm = tmp_path / "cldr-annotations-full-48.2.0.tgz"
    for path in (old, new, npm):
        path.touch()
    assert locate(tmp_path, [LIBREOFFICE_HELP["de"], CLDR]) == [new, npm]


def test_one_error_names_all_that_is_missing(tmp_path):
    (tmp_path / "libreoffice-help-de_1_all.deb").touch()
    with pytest.raises(UserError) as caught:
        locate(tmp_path, [*LIBREOFFICE_HELP.values(), CLDR])
    assert str(caught.value) == (
        f"Not found in {tmp_path}: libreoffice-help-en-us (2 MB), libreoffice-help-fr (4 MB), "
        "cldr-annotations-full (7 MB).\n"
        f"cd {tmp_path} && apt-get download libreoffice-help-en-us libreoffice-help-fr"
        " && npm pack cldr-annotations-full@48.2.0"
    )


def test_without_a_folder_the_error_says_how_to_give_one():
    with pytest.raises(UserError) as caught:
        locate(None, [AMAZON_QUEEN], instead="queen.1c")
    assert str(caught.value) == (
        "This data is read from packages that you download: "
        "flight-of-the-amazon-queen (35 MB), or queen.1c.\n"
        "In a folder of your choice run `apt-get download flight-of-the-amazon-queen`, "
        "then pass --raw_dir=FOLDER."
    )


def test_the_page_of_a_problem_says_what_the_error_says():
    with pytest.raises(UserError) as caught:
        locate(None, [CLDR, AMAZON_QUEEN])
    assert download_page([CLDR, AMAZON_QUEEN]) == str(caught.value)
