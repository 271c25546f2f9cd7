"""Lines to arrays, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.finished_run import Run
from PIL import Image

from t2t_multimodel.decode.inputs import InputEncoder, split_items
from t2t_multimodel.decode.lines import Line


def encoder(run: Run, name: str) -> InputEncoder:
    one = run.prepared[name]
    return InputEncoder(one.problem, dict(one.tokenizers))


@pytest.fixture
def numbers(run: Run) -> InputEncoder:
    return encoder(run, "made_numbers")


def test_text_ends_with_the_end_token(numbers: InputEncoder) -> None:
    item = numbers(Line(3, "1 2"))
    assert item.array is not None
    assert (item.number, item.fault, item.note, item.array[-1]) == (3, "", "", 1)


@pytest.mark.parametrize("text", ["", "  ", "\t\r"])
def test_an_empty_line_is_no_fault_and_nothing_to_decode(numbers: InputEncoder, text: str) -> None:
    item = numbers(Line(1, text))
    assert (item.array, item.fault, item.note) == (None, "", "")


def test_a_fault_of_the_line_stays_with_it(numbers: InputEncoder) -> None:
    item = numbers(Line(1, "", "byte 0xff at 1 is not UTF-8"))
    assert (item.array, item.fault) == (None, "byte 0xff at 1 is not UTF-8")


def test_text_beyond_the_longest_is_cut_and_said_so(numbers: InputEncoder) -> None:
    whole = numbers(Line(1, "5 " * 5))
    item = numbers(Line(1, "5 " * 5000))
    assert whole.array is not None and item.array is not None
    assert (len(item.array), item.array[-1]) == (12, 1)
    assert (item.array[:6] == whole.array[:6]).all()
    assert item.note.startswith("its 1") and item.note.endswith(" tokens are cut to 12")
    cut = numbers(Line(1, "5", is_cut=True))
    assert cut.note == "only its first 65,536 bytes are read"


def test_pictures_and_sounds_come_from_their_files(run: Run, tmp_path: Path) -> None:
    Image.fromarray(np.full((9, 7), 200, np.uint8)).save(tmp_path / "grey square.png")
    picture = encoder(run, "made_colours")(Line(1, f"{tmp_path}/grey square.png"))
    assert picture.array is not None
    assert (picture.array.shape, picture.array.min(), picture.array.max()) == ((4, 4, 3), 200, 200)
    soundfile.write(tmp_path / "long.wav", np.sin(np.arange(4000 * 3)), 4000)
    sound = encoder(run, "made_tones")(Line(2, f"{tmp_path}/long.wav"))
    assert sound.array is not None
    assert sound.array.shape == (100, 8)
    assert sound.note == "only its first 100 frames are heard"


@pytest.mark.parametrize("problem", ["made_colours", "made_tones"])
@pytest.mark.parametrize("path", ["nowhere/at all", "/", "\0", "x" * 5000])
def test_what_is_no_file_is_a_fault(run: Run, problem: str, path: str) -> None:
    item = encoder(run, problem)(Line(1, path))
    assert item.array is None
    assert item.fault and "\n" not in item.fault


def test_a_split_comes_in_its_own_order_with_its_targets(run: Run) -> None:
    prepared = run.prepared["made_colours"]
    items = list(split_items(prepared, "test"))
    assert [item.number for item in items] == list(range(1, 15))
    assert [item.target for item in items[:4]] == ["red", "green", "blue", "red"]
    assert (items[3].array == prepared.dataset("test")[3]["inputs"]).all()
