"""Models that ship are called by name; folders of the user go first."""

from __future__ import annotations

import pytest

from t2t_multimodel import shipped
from t2t_multimodel.errors import UserError
from t2t_multimodel.shipped import folder_of


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two shipped models, and an empty folder to work in."""
    for name in ("octet", "septet"):
        (tmp_path / "shelf" / name).mkdir(parents=True)
        (tmp_path / "shelf" / name / "state.json").write_text("{}")
    (tmp_path / "shelf" / "__pycache__").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(shipped, "_HERE", tmp_path / "shelf")
    return tmp_path / "shelf"


def test_the_names_are_the_folders_that_hold_a_model(shelf):
    assert shipped.names() == ["octet", "septet"]


def test_a_name_stands_for_its_folder(shelf):
    assert folder_of("octet") == shelf / "octet"


def test_a_folder_of_the_user_goes_before_a_shipped_model(shelf, tmp_path):
    (tmp_path / "work" / "octet").mkdir()
    assert str(folder_of("octet")) == "octet"


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ("octett", "", "octett does not exist. Did you mean 'octet'?"),
        ("runs/x", "train.warm_start=", "train.warm_start=runs/x does not exist."),
    ],
)
def test_what_is_neither_is_refused_with_the_nearest_name(shelf, given, setting, message):
    with pytest.raises(UserError) as error:
        folder_of(given, setting)
    assert error.value.message == message
    assert error.value.fix == (
        "mm-trainer writes runs into ./runs/SET. Trained models that ship: octet, septet."
    )


def test_a_file_is_no_model(shelf, tmp_path):
    (tmp_path / "work" / "notes.txt").write_text("")
    with pytest.raises(UserError) as error:
        folder_of("notes.txt")
    assert error.value.message == "notes.txt is a file."
    assert error.value.fix == "Give the folder of a run or of a checkpoint."
