"""Training from Python: the same run that the command makes."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Outcome
from helpers.finished_run import TASKS, Run, forget_small_tasks

import t2t_multimodel as mm
from t2t_multimodel import ClassLabel, Image, Problem, UserError, register_problem

SHORT = {"train.steps": 2, "evaluate.steps": 0, "evaluate.decode_examples": 2}


@pytest.fixture(autouse=True)
def known_tasks() -> None:
    forget_small_tasks()
    mm.add_usr_dir(TASKS)


def test_a_class_that_was_typed_is_trained_in_a_thread(tmp_path: Path) -> None:
    source = '''
@register_problem("my_squares")
class MySquares(Problem):
    """Squares that are dark or light."""
    inputs = Image(4, 4)
    targets = ClassLabel(names=("dark", "light"))
    metrics = ("top1",)
    def examples(self, split, raw_dir):
        for n in range(16):
            yield {"inputs": np.full((4, 4, 3), n % 2 * 200, np.uint8), "targets": n % 2}
'''
    main = sys.modules["__main__"]
    space = {"__name__": "__main__", "register_problem": register_problem, "Problem": Problem,
             "Image": Image, "ClassLabel": ClassLabel, "np": np}  # fmt: skip
    exec(compile(source, "<ipython-input-1>", "exec"), space)
    assert main.__name__ == "__main__"
    found: list[Any] = []

    def train() -> None:
        found.append(
            mm.train({"my_squares": 2, "made_numbers": 1}, "made_tiny", SHORT,
                     output_dir=str(tmp_path / "run"), data_dir=tmp_path / "data")
        )  # fmt: skip

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    (run,) = found
    assert run.output_dir == tmp_path / "run"
    assert set(run.results) == {"my_squares", "made_numbers"}
    stored = json.loads((tmp_path / "run/results.json").read_text())
    assert [run.results[row["problem"]].scores for row in stored] == [
        row["scores"] for row in stored
    ]
    recorded = json.loads((tmp_path / "run/config.json").read_text())
    assert recorded["config"]["train"]["steps"] == 2
    assert recorded["origins"]["train.steps"] == "hparams"
    model = run.load()
    assert model.predict("my_squares", np.zeros((4, 4, 3), np.uint8)).text in ("dark", "light")


def test_a_run_goes_on_with_its_own_settings(run: Run, tmp_path: Path, capsys: Any) -> None:
    import shutil

    shutil.copytree(run.folder, tmp_path / "run")
    again = mm.train(output_dir=tmp_path / "run", data_dir=run.data_dir)
    assert "Going on from" in capsys.readouterr().out
    assert [row.result.problem for row in again.results.values()] == list(run.prepared)


def test_records_are_made_ahead(tmp_path: Path) -> None:
    prepared = mm.datagen("made_colours", data_dir=tmp_path, workers=1)
    assert len(prepared["made_colours"].dataset("train")) == 60


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"problems": ["made_number"]}, "No problem is named 'made_number'."),
        ({"hparams_set": "made_tny"}, "No hparams set is named 'made_tny'."),
        ({"hparams": {"train.stepz": 3}}, "train.stepz"),
        (
            {"hparams": {"train.steps": "many"}},
            "hparams: train.steps must be an int, but is 'many'.",
        ),
        ({"raw_dir": "nope"}, "--raw_dir=nope: there is no folder nope"),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(
    given: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        mm.train(**{"hparams_set": "made_tiny", **given}, output_dir=tmp_path / "run")
    assert message in error.value.message
    assert not (tmp_path / "run").exists()


def test_wrong_names_need_no_tensorflow(run_python: Callable[..., Outcome]) -> None:
    done = run_python(
        "import t2t_multimodel as mm\n"
        "try:\n    mm.train(['octet_ened'])\n"
        "except mm.UserError as error:\n    print(error.message)"
    )
    assert done.out.startswith("No problem is named 'octet_ened'."), done.err
    assert {"tensorflow", "keras"} & done.modules == set()
