"""A trained model asked from Python: the same answers as the commands give."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import Run, forget_small_tasks
from helpers.small_tasks import COLOURS, MadeTones
from PIL import Image

import t2t_multimodel as mm
from t2t_multimodel import Model, UserError
from t2t_multimodel.bin import mm_decode

TEXTS = ["1", "2 3", "4", "5 6", "2", "6 1"]


@pytest.fixture(scope="module")
def kept() -> dict[str, Model]:
    return {}


@pytest.fixture
def model(run: Run, kept: dict[str, Model]) -> Model:
    """Loaded once for the file: it keeps what it compiled."""
    forget_small_tasks()
    if "model" not in kept:
        kept["model"] = mm.load(str(run.folder))  # type: ignore[assignment]
    else:
        mm.load(run.folder)  # makes the tasks known again
    return kept["model"]


def test_one_input_has_one_prediction_and_several_have_a_list(model: Model) -> None:
    one = model.predict("made_numbers", "1")
    assert (one.problem, one.text, one.value, one.error) == ("made_numbers", "one", "one", "")
    assert one.score is not None and one.score < 0
    assert str(one) == "one"
    several = model.predict("made_numbers", TEXTS)
    assert [answer.text for answer in several][0] == "one"
    assert len(several) == len(TEXTS)


def test_an_iterator_is_answered_as_it_goes(model: Model) -> None:
    taken = []

    def texts() -> Any:
        for text in TEXTS:
            taken.append(text)
            yield text

    answers = model.predict("made_numbers", texts(), batch_size=2)
    assert taken == []
    next(answers)
    assert taken == TEXTS[:2]
    assert [answer.text for answer in answers] == [
        answer.text for answer in model.predict("made_numbers", TEXTS)[1:]
    ]


def test_answers_are_those_of_the_command(model: Model, run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("\n".join(TEXTS) + "\n")
    places = [f"--output_dir={run.folder}", f"--input_file={tmp_path}/in"]
    out = tmp_path / "out"
    flags = [*places, f"--output_file={out}", "--problem=made_numbers", "--nbest=2", "--scores"]
    assert mm_decode.main(flags) == 0
    answers = model.predict("made_numbers", TEXTS, nbest=2)
    assert out.read_text().splitlines() == [
        "\t".join(f"{one.score:.4f}\t{one.text}" for one in answer.candidates) for answer in answers
    ]


def test_a_picture_may_be_an_array_a_file_its_bytes_or_of_pillow(
    model: Model, tmp_path: Path
) -> None:
    green = np.zeros((4, 4, 3), np.uint8) + np.array([40, 190, 40], np.uint8)
    Image.fromarray(green).save(tmp_path / "green.png")
    file = tmp_path / "green.png"
    forms = [green, file, str(file), file.read_bytes(), Image.fromarray(green)]
    answers = model.predict("made_colours", forms, nbest=3)
    assert [answer.text for answer in answers] == ["green"] * 5
    assert answers[0].value == "green"
    assert {one.text for one in answers[0].candidates} == set(COLOURS)
    assert sum(np.exp([one.score for one in answers[0].candidates])) == pytest.approx(1, abs=1e-5)


def test_a_sound_may_be_samples_and_their_rate(model: Model) -> None:
    example = next(iter(MadeTones().examples("test", None)))
    assert model.predict("made_tones", example["inputs"]).text in ("rise", "fall")


def test_scores_are_the_log_probability_of_each_target(model: Model) -> None:
    best = model.predict("made_numbers", TEXTS)
    scores = model.score("made_numbers", TEXTS, [answer.text for answer in best])
    assert scores == pytest.approx([answer.score for answer in best], abs=1e-4)
    assert model.score("made_numbers", "1", "six six") < scores[0] < 0
    green = np.zeros((4, 4, 3), np.uint8) + np.array([40, 190, 40], np.uint8)
    by_name = [model.score("made_colours", green, colour) for colour in COLOURS]
    assert np.exp(by_name).sum() == pytest.approx(1, abs=1e-5)
    assert model.score("made_colours", green, 1) == by_name[1]


def test_encoder_features_have_the_width_of_the_body_and_no_padding(model: Model) -> None:
    one = model.encode("made_numbers", "1")
    assert one.shape == (3, 16) and one.dtype == np.float32  # a blank, a digit and the end
    short, long = model.encode("made_numbers", ["1", "1 2 3"])
    np.testing.assert_allclose(short, one, atol=1e-5)
    assert len(long) > len(short)


def test_evaluation_is_that_of_the_command(model: Model, run: Run) -> None:
    row = model.evaluate("made_colours", split="dev", data_dir=run.data_dir)
    expected = run.trainer.evaluator.evaluate("made_colours", "dev")
    assert row.result.examples == 10
    assert row.scores == pytest.approx(expected.scores)


def test_several_threads_get_what_one_gets(model: Model) -> None:
    expected = [answer.text for answer in model.predict("made_numbers", TEXTS)]
    found: dict[int, list[str]] = {}

    def ask(number: int) -> None:
        answers = [model.predict("made_numbers", text).text for text in TEXTS]
        model.encode("made_numbers", TEXTS)
        found[number] = answers

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(4), expected)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda model: model.predict("made_number", "1"),
            "No problem of this checkpoint is named 'made_number'. Did you mean 'made_numbers'?",
        ),
        (
            lambda model: model.predict("made_numbers", ["1", 2]),
            "Input 2 of made_numbers: text must be a str, but is int.",
        ),
        (
            lambda model: model.predict("made_numbers", Path("lines.txt")),
            "Input 1 of made_numbers: a text is wanted, but lines.txt is the path of a file; "
            "read it first.",
        ),
        (
            lambda model: model.predict("made_numbers", "1", beam_size=2, top_k=3),
            "beam_size is of beam search, top_k of sampling.",
        ),
        (
            lambda model: model.predict("made_numbers", "1", beams=2),
            "No option of decoding is named 'beams'. Did you mean 'beam_size'?",
        ),
        (
            lambda model: model.predict("made_colours", "a.png", beam_size=2),
            "beam_size is for sequences, but the outputs of made_colours are classes.",
        ),
        (
            lambda model: model.score("made_numbers", ["1", "2"], ["one"]),
            "Inputs: 2, targets: 1.",
        ),
        (
            lambda model: model.score("made_colours", np.zeros((4, 4, 3), np.uint8), "pink"),
            "Target 1 of made_colours: label 'pink' is none of the 3 class names.",
        ),
        (
            lambda model: model.network.fit([1]),
            "MultiModel.fit trains nothing: each step holds batches of several problems.",
        ),
    ],
)
def test_a_mistake_is_told_as_the_commands_tell_it(
    model: Model, ask: Callable[[Model], Any], message: str
) -> None:
    with pytest.raises(UserError) as error:
        ask(model)
    assert error.value.message == message


def test_inputs_that_cannot_be_read_may_be_kept(model: Model) -> None:
    good, bad = model.predict("made_numbers", ["1", ""], errors="keep")
    assert (good.text, bad.text, bad.candidates) == ("one", "", ())
    assert bad.error == "text is empty"
    assert "<p>text is empty</p>" in bad._repr_html_()


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="^nowhere does not exist.\n"):
        mm.load("nowhere")
