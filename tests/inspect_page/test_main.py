"""mm-problems inspect: what is on the page."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Outcome
from helpers.finished_run import TASKS, Run, forget_small_tasks
from helpers.tiny_records import add

from t2t_multimodel import UserError, usr_dir
from t2t_multimodel.inspect_page.main import write_page

BROKEN = ROOT / "tests" / "helpers" / "broken_problems.py"


def page(entry: str, folder: Path) -> str:
    file = write_page([entry], folder / "data", output=folder / "page.html", say=lambda line: None)
    return file.read_text()


def headings(text: str) -> list[str]:
    return re.findall(r"<(?:h2|summary)>(.*?)</", text)


def test_texts_have_the_boundaries_of_their_tokens_and_trees_are_drawn(tmp_path: Path) -> None:
    add(tmp_path / "mine")
    text = page("tiny_trees", tmp_path)
    assert headings(text) == [
        "tiny_trees",
        "tiny_trees: train examples",
        "tiny_trees: dev examples",
        "tiny_trees: test examples",
        "tiny_trees: lengths",
        "tiny_trees: left out",
        "tiny_trees: near-duplicates across splits",
        "tiny_trees: contract",
    ]
    assert text.count('class="drawing"') == 4 + 1 + 5
    row = re.findall(r"<tr><td class=\"number\">1</td>(.*?)</tr>", text)[0]
    pieces = re.findall(r'<span class="piece">(.*?)</span>', row.partition("</td>")[0])
    assert "".join(pieces).strip().removesuffix("&lt;/s&gt;") == "they dance"


def test_sounds_have_a_player_and_a_spectrogram(tmp_path: Path) -> None:
    add(tmp_path / "mine")
    for name in ("tiny_tones", "tiny_waves"):
        text = page(name, tmp_path)
        examples = text.partition(": lengths</h2>")[0]
        assert examples.count("<audio controls") == 6 + 3
        assert examples.count('<img src="data:image/png') == 6 + 3
    assert "http" not in text.replace("http-equiv", "")


def test_classes_are_counted_and_those_that_lack_are_named(tmp_path: Path) -> None:
    add(tmp_path / "mine")
    text = page("tiny_shades", tmp_path)
    assert (
        "<p>The largest class of train has 6.0 times the smallest. "
        "No example of train: 2, 4, 5.</p>" in text
    )
    assert '<tr><td class="number">0</td><td>60 (60.0%)</td><td>2 (50.0%)</td></tr>' in text
    # the same grey squares are in both splits
    assert "<td>train and test</td><td>3 of 4</td>" in text


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    sys.modules.pop(usr_dir._module_name(BROKEN), None)
    usr_dir.add(BROKEN)
    text = page("broken_labels", tmp_path)
    assert (
        '<tr><td>train</td><td>targets</td><td>bad</td><td class="number">10</td>'
        "<td>example 3: targets: label 3 is out of range 0 to 2\n" in text
    )
    with pytest.raises(UserError, match=r"^Problem 'broken_reading', train: examples\(\) failed"):
        page("broken_reading", tmp_path)


def test_a_model_writes_beside_the_targets_and_a_mixture_tells_its_steps(
    run: Run, tmp_path: Path
) -> None:
    forget_small_tasks()
    usr_dir.add(TASKS)
    file = write_page(
        ["made_numbers:2", "made_colours"],
        run.data_dir,
        output=tmp_path / "page.html",
        model=run.folder,
        examples=2,
        say=lambda line: None,
    )
    text = file.read_text()
    assert headings(text)[:3] == [
        "What a step holds",
        "made_numbers",
        "made_numbers: train examples",
    ]
    assert text.count("<th>the model</th>") == 6
    assert '<td>made_numbers</td><td class="number">2</td><td class="number">66.7%</td>' in text
    with pytest.raises(UserError) as caught:
        write_page(["octet_image"], run.data_dir, model=run.folder)
    assert caught.value.message == "The model was not trained on octet_image."


def test_the_command_writes_into_the_working_folder(
    tmp_path: Path, run_command: Callable[..., Outcome]
) -> None:
    add(tmp_path / "mine")
    done = run_command("mm_problems", "inspect", "tiny_words", f"--usr_dir={tmp_path / 'mine'}")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Page: tiny_words.html")
    assert (tmp_path / "elsewhere" / "tiny_words.html").is_file()
    assert {"tensorflow", "keras"} & done.modules == set()
    done = run_command("mm_problems", "inspect", "octet_image", "--output=page.htm")
    assert (done.code, done.err) == (
        2,
        "--output=page.htm: expected a name that ends in .html.\n",
    )
