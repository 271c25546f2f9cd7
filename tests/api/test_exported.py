"""An export asked from Python: the same answers as its run gives, and what it can not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.finished_run import Run, forget_small_tasks

import t2t_multimodel as mm
from t2t_multimodel import UserError
from t2t_multimodel.api.exported import ExportedModel
from t2t_multimodel.bin import mm_export
from t2t_multimodel.export.about import ABOUT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What an export is known by, without its graph."""
    (tmp_path / ABOUT).write_text(json.dumps({"step": 1200, "signatures": {"octet_ende": {}}}))
    return tmp_path


def test_a_folder_of_mm_export_is_loaded_as_one(folder: Path) -> None:
    model = mm.load(folder)
    assert isinstance(model, ExportedModel)
    assert (model.step, model.problems) == (1200, ["octet_ende"])
    assert repr(model) == f"<ExportedModel {folder}, step 1,200: octet_ende>"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"nbest": 3}, "nbest"),
        ({"temperature": 0.7, "seed": 1}, "seed, temperature"),
        ({"beam_size": 4}, "beam_size"),
    ],
)
def test_how_outputs_are_chosen_can_not_be_changed(
    folder: Path, options: dict[str, float], named: str
) -> None:
    with pytest.raises(UserError) as caught:
        ExportedModel(folder).predict("octet_ende", "Yes.", **options)
    assert caught.value.message == (
        f"{folder} is an export, whose outputs are chosen as mm-export was told, so {named} can "
        "not be given."
    )
    assert caught.value.fix == (
        "Export again with --nbest, --beam_size or --alpha, or load the run for more."
    )


@pytest.mark.parametrize("name", ["score", "encode", "evaluate", "network"])
def test_what_an_export_can_not_do_names_the_run(folder: Path, name: str) -> None:
    with pytest.raises(UserError) as caught:
        getattr(ExportedModel(folder), name)
    assert caught.value.message == f"{folder} is an export, which can only predict."
    assert caught.value.fix == (
        f"For {name}, load the run or the checkpoint that it was made from."
    )


def test_an_unknown_problem_is_answered_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        ExportedModel(folder).predict("octet_enda", "Yes.")
    assert caught.value.message == (
        "No problem of this export is named 'octet_enda'. Did you mean 'octet_ende'?"
    )


def test_a_damaged_folder_is_told(folder: Path) -> None:
    (folder / ABOUT).write_text("{")
    with pytest.raises(UserError) as caught:
        mm.load(folder)
    assert str(folder / ABOUT) in caught.value.message


def test_answers_are_those_of_the_run(run: Run, tmp_path: Path) -> None:
    forget_small_tasks()
    exported = tmp_path / "exported"
    names = "made_numbers,made_colours"
    flags = [f"--output_dir={run.folder}", f"--export_dir={exported}", f"--problems={names}"]
    assert mm_export.main([*flags, "--nbest=2", "--beam_size=3"]) == 0
    model, whole = mm.load(exported), mm.load(run.folder)
    texts = ["1", "2 3", "4 5"]
    several = model.predict("made_numbers", texts)
    wanted = whole.predict("made_numbers", texts, nbest=2, beam_size=3)  # type: ignore[union-attr]
    for one, other in zip(several, wanted, strict=True):
        assert [c.text for c in one.candidates] == [c.text for c in other.candidates]
        assert [c.score for c in one.candidates] == pytest.approx(
            [c.score for c in other.candidates], abs=1e-3
        )
    assert model.predict("made_numbers", "1").text == several[0].text
    forget_small_tasks()  # as in another process: this machine has agreed to the code
    assert mm.load(exported).predict("made_numbers", "1").text == several[0].text  # type: ignore[union-attr]
    assert [one.text for one in model.predict("made_numbers", iter(texts), batch_size=2)] == [
        one.text for one in several
    ]
    with pytest.raises(UserError) as caught:
        model.predict("made_colours", "nowhere.png")
    assert caught.value.message.startswith("Input 1 of made_colours: ")
